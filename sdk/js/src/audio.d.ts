// What a party hears, and the keys it presses.

import type { Step } from "./types.js";

export interface Sound {
  tag: "announcement" | "tone" | "digits" | "silence";
  val: string | number;
}

/** A name is an announcement's. */
export type Sounds = string | Sound | (string | Sound)[];

export function announcement(name: string): Sound;
export function tone(name: string): Sound;
export function digits(spoken: string): Sound;
export function silence(seconds: number): Sound;

/** How a sound ended. */
export type Played =
  | { tag: "finished" | "stopped" | "gone"; val?: undefined }
  | { tag: "interrupted"; val: string }
  | { tag: "missing"; val: string };

/** Keys: what was pressed, or until time was over. */
export type Gathered =
  | { tag: "digits" | "timeout" | "stopped"; val: string }
  | { tag: "missing"; val: string }
  | { tag: "gone"; val?: undefined };

/** Plays one sound, or several in a list; 0 times: for ever. */
export function play(said: Sounds, options?: { times?: number; bargeIn?: boolean }): Step<Played | undefined>;

export interface GatherOptions {
  /** At most so many. */
  digits?: number;
  /** Keys that end it, and are not part of what was pressed. */
  until?: string;
  /** Seconds until the first key, and from one to the next. */
  within?: number;
  between?: number;
}

/** Takes keys; any cuts the prompt. */
export function gather(prompt: Sounds, options?: GatherOptions): Step<Gathered>;
/** Stops what plays. */
export function stop(): Step<undefined>;

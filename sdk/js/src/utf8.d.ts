// Text as bytes and back; the engine has no TextEncoder.

export function encode(text: string): Uint8Array;
export function decode(bytes: Uint8Array): string;

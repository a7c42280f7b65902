//! The scripted call: a phone calls the menu, the menu is swapped meanwhile, a key rings another phone, both talk.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base::Random;
use client::Client;
use phone::Event;
use phone::live::LivePhone;
use serde_json::{Value, json};

use super::tenant;

const PATIENCE: Duration = Duration::from_secs(10);

/// Tells what happens, with the seconds since the call began.
struct Teller(Instant);

impl Teller {
    fn say(&self, text: &str) {
        println!("{:>5.1} s  {text}", self.0.elapsed().as_secs_f64());
    }
}

/// Plays the call; returns its id.
pub fn play(client: &Client, port: u16, modules: &Path) -> Result<u64> {
    let server = SocketAddr::from(([127, 0, 0, 1], port));
    println!("A call that plays itself, with two phones of a kind that shares no code with the exchange:\n");
    let mut caller = register("robot-caller", server, 1)?;
    let mut callee = register("robot-callee", server, 2)?;

    let teller = Teller(Instant::now());
    teller.say("290 calls 300, where the behaviour `reception` answers: the shipped menu, as a component");
    let now = caller.now();
    let call = caller.phone.call(now, "300");
    caller
        .wait(PATIENCE, |event| (*event == Event::Answered(call)).then_some(()))
        .context("the menu answers")?;
    caller.talk(call);
    hear(&mut caller, 8_000).context("the greeting is heard")?;
    teller.say("the greeting is heard");
    let id = live_call(client)?;

    let digest = client.upload_module("demo", &modules.join("menu.wasm"), Some("second"))?;
    client.post(
        "/v1/tenants/demo/behaviours/reception/activate",
        &json!({ "module": digest }),
    )?;
    let short = digest.get(..12).unwrap_or(&digest);
    teller.say(&format!(
        "another build of the menu ({short}…) is uploaded and made active; the call stays up"
    ));
    teller.say("290 presses 9: the new version hears it");

    caller.press(call, '9');
    let (offered, shown) = ring(&mut caller, &mut callee)?;
    teller.say(&format!("291 rings and shows {shown}"));
    let now = callee.now();
    callee.phone.ring(now, offered);
    callee.phone.answer(now, offered);
    callee
        .wait(PATIENCE, |event| (*event == Event::Up(offered)).then_some(()))
        .context("the callee is up")?;
    callee.talk(offered);
    let heard = talk(&mut caller, &mut callee)?;
    teller.say(&format!(
        "they talk: within half a second 290 heard {} packets and 291 heard {}",
        heard.0, heard.1
    ));

    let now = caller.now();
    caller.phone.hang_up(now, call);
    drop(caller.pump(Duration::from_millis(100))?);
    callee
        .wait(PATIENCE, |event| (*event == Event::Ended(offered)).then_some(()))
        .context("the callee is told")?;
    drop(caller.pump(Duration::from_millis(100))?);

    teller.say("290 hangs up, 291 is told");
    Ok(id)
}

/// A phone of the demo's tenant.
pub fn register(user: &str, server: SocketAddr, seed: u64) -> Result<LivePhone> {
    let mut phone = LivePhone::new(
        user,
        &tenant::password(user),
        "127.0.0.1",
        server,
        Random::from_seed(seed),
    )?;
    let now = phone.now();
    phone.phone.register(now, 600);
    phone
        .wait(PATIENCE, |event| {
            matches!(event, Event::Registered { .. }).then_some(())
        })
        .with_context(|| format!("{user} registers"))?;
    Ok(phone)
}

/// Pumps until so many samples that are not silence have come.
fn hear(phone: &mut LivePhone, samples: usize) -> Result<()> {
    for _ in 0..200 {
        drop(phone.pump(Duration::from_millis(50))?);
        if phone
            .heard
            .samples
            .iter()
            .filter(|sample| sample.abs() > 500)
            .count()
            >= samples.min(2_000)
        {
            return Ok(());
        }
    }
    bail!("{} packets came, and no sound in them", phone.heard.packets)
}

fn live_call(client: &Client) -> Result<u64> {
    let calls = client.get("/v1/tenants/demo/calls")?;
    let first = calls
        .get("items")
        .and_then(|items| items.get(0))
        .and_then(|call| call.get("id"));
    first
        .and_then(Value::as_u64)
        .with_context(|| format!("no call is up: {calls}"))
}

/// Lets both phones live until the callee is offered the call.
fn ring(caller: &mut LivePhone, callee: &mut LivePhone) -> Result<(phone::CallRef, String)> {
    for _ in 0..200 {
        drop(caller.pump(Duration::from_millis(20))?);
        for event in callee.pump(Duration::from_millis(20))? {
            if let Event::Offered { call, caller, .. } = event {
                return Ok((call, caller));
            }
        }
    }
    bail!("the callee is never offered the call")
}

/// Both send and hear for at least half a second; the packets that each heard.
fn talk(caller: &mut LivePhone, callee: &mut LivePhone) -> Result<(u64, u64)> {
    let before = (caller.heard.packets, callee.heard.packets);
    for _ in 0..50 {
        drop(caller.pump(Duration::from_millis(10))?);
        drop(callee.pump(Duration::from_millis(10))?);
    }
    let heard = (caller.heard.packets - before.0, callee.heard.packets - before.1);
    if heard.0 < 20 || heard.1 < 20 {
        bail!("too few packets for a conversation: {heard:?}");
    }
    Ok(heard)
}

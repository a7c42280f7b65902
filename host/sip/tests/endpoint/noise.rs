//! Damaged messages at an endpoint that has calls in every state: it must neither fall over nor lose its way.

use base::Random;
use cordboard_sip::endpoint::{Event, Reply};

use crate::ladder::{ANSWER, CONTACT_AND_ALL, Ladder, OFFER, Peer, from_callee, ms, response, secs, to_tag};

/// Messages that mean something to the calls of `ladder`.
fn samples(ladder: &mut Ladder) -> Vec<String> {
    let (_, invite) = ladder.established_as_caller();
    let peer = Peer::default();
    let usage = ladder.invited(&peer.invite(OFFER));
    let progress = Reply::new(183).sdp(ANSWER);
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, progress))
        .unwrap();
    let tag = to_tag(&ladder.answers(183));
    let (_, ringing) = ladder.calling();
    let reliable = format!("{CONTACT_AND_ALL}Require: 100rel\r\nRSeq: 7\r\n");
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n";
    let multipart = format!("--b\r\nContent-Type: application/sdp\r\n\r\n{OFFER}\r\n--b--\r\n");
    vec![
        peer.invite(OFFER),
        peer.cancel(),
        peer.in_dialog("ACK", 1, &tag, "", ANSWER),
        peer.in_dialog("PRACK", 2, &tag, "RAck: 1 1 INVITE\r\n", ""),
        peer.in_dialog("UPDATE", 3, &tag, "Session-Expires: 90;refresher=uac\r\n", OFFER),
        Peer {
            call_id: "c7",
            branch: "z9hG4bK7",
            headers: "Content-Type: multipart/mixed;boundary=b\r\n",
            ..peer
        }
        .invite(&multipart),
        from_callee(
            &invite,
            "INVITE",
            1,
            "p1",
            "Supported: timer\r\nMin-SE: 90\r\n",
            OFFER,
        ),
        from_callee(&invite, "INFO", 2, "p1", "", ""),
        from_callee(
            &invite,
            "REFER",
            3,
            "p1",
            "Refer-To: <sip:9@x?Replaces=a%3Bto-tag%3Db>\r\n",
            "",
        ),
        from_callee(&invite, "BYE", 4, "p1", "Reason: Q.850;cause=16\r\n", ""),
        response(&ringing, 183, "r1", &reliable, ANSWER),
        response(&ringing, 200, "r2", CONTACT_AND_ALL, ANSWER),
        response(&ringing, 401, "r3", challenge, ""),
        response(&ringing, 422, "r4", "Min-SE: 900\r\n", ""),
        response(&ringing, 302, "r5", "Contact: <sip:1@2>;q=0.5\r\n", ""),
    ]
}

const MORSELS: [&str; 14] = [
    "\r\n",
    ";",
    "\"",
    "<",
    ">",
    ":",
    ",",
    "\0",
    "SIP/2.0",
    "4294967296",
    "-1",
    "tag=",
    "z9hG4bK",
    "\u{e9}",
];

fn damage(random: &mut Random, sample: &str) -> Vec<u8> {
    let mut bytes = sample.as_bytes().to_vec();
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        let end = (at + random.below(12) as usize).min(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let morsel = MORSELS[random.below(MORSELS.len() as u64) as usize];
                drop(bytes.splice(at..end, morsel.bytes()));
            }
            3 => {
                let copy = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copy));
            }
            4 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {
                let line = format!("X-{}: {}\r\n", random.token(4), random.token(20));
                let place = sample.find("\r\n").map_or(0, |end| end + 2).min(bytes.len());
                drop(bytes.splice(place..place, line.bytes()));
            }
        }
    }
    bytes
}

fn bombard(seed: u64, rounds: u64) {
    let mut random = Random::from_seed(seed);
    let mut ladder = Ladder::new();
    let samples = samples(&mut ladder);
    for _ in 0..rounds {
        let sample = &samples[random.below(samples.len() as u64) as usize];
        let bytes = damage(&mut random, sample);
        ladder.receive(bytes);
        if random.chance(0.05) {
            ladder.wait(ms(random.below(3_000)));
        }
        while let Some(event) = ladder.try_event() {
            react(&mut ladder, &mut random, event);
        }
        ladder.forget_sent();
    }
    // Everybody loses interest: whatever was kept has an end.
    ladder.wait(secs(2 * 3_600));
    let left = (ladder.endpoint.live_usages(), ladder.endpoint.transactions());
    assert_eq!(left, (0, 0), "seed {seed}: calls and transactions that never end");
}

fn react(ladder: &mut Ladder, random: &mut Random, event: Event) {
    let reply = if random.chance(0.7) {
        Reply::new(200).sdp(ANSWER)
    } else {
        Reply::new(488)
    };
    // Some of it comes too late by design; nothing of it may go wrong.
    let _ = match event {
        Event::Invited { usage, .. } => ladder.tell(|endpoint, now| endpoint.hang_up(now, usage, 486, None)),
        Event::Reinvited { request_id, .. }
        | Event::InDialog { request_id, .. }
        | Event::Request { request_id, .. } => {
            ladder.tell(|endpoint, now| endpoint.respond(now, request_id, reply))
        }
        _ => Ok(()),
    };
}

#[test]
fn damaged_messages_do_no_harm() {
    for seed in 0..30 {
        bombard(seed, 400);
    }
}

/// `NOISE_SEEDS=1000..9000 cargo test -p cordboard-sip --test endpoint -- --ignored damage`
#[test]
#[ignore = "takes as long as it is told to"]
fn damage_further() {
    let range = std::env::var("NOISE_SEEDS").unwrap_or_else(|_| "1000..1100".to_owned());
    let (from, to) = range.split_once("..").unwrap();
    for seed in from.parse::<u64>().unwrap()..to.parse().unwrap() {
        println!("seed {seed}");
        bombard(seed, 2_000);
    }
}

//! Session descriptions: offers through to our answer, answers to our offer.

use sip::sdp::{Answer, Codec, Direction, Local, Negotiation, Offer};

use super::Target;
use super::samples::{ANSWER, OFFER};
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "sdp",
    about: "panics; an answer that cannot be read or has other m= lines than its offer; a codec that nobody offered",
    case,
};

const SAMPLES: [&str; 5] = [
    OFFER,
    ANSWER,
    "v=0\no=x 1 2 IN IP6 2001:db8::7\ns= \nc=IN IP6 2001:db8::7\nt=0 0\nm=audio 4000 RTP/AVPF 9 0 96\n\
     a=rtpmap:9 G722/8000\na=rtpmap:96 telephone-event/16000\na=rtcp:4005 IN IP6 2001:db8::8\na=rtcp-mux\na=sendonly\n",
    "v=0\r\no=- 3724394400 3724394405 IN IP4 198.51.100.1\r\ns=-\r\nt=0 0\r\na=inactive\r\n\
     m=video 0 RTP/AVP 96\r\nm=audio 49230 RTP/SAVP 0\r\nc=IN IP4 198.51.100.2\r\na=crypto:1 x inline:y\r\n\
     m=audio 49232 RTP/AVP 0 97\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:97 PCMA/8000/1\r\na=ptime:30\r\na=maxptime:40\r\n",
    "v=0\r\no=a 1 1 IN IP4 192.0.2.7\r\ns=caf\u{e9}\r\ni=x\r\nu=http://x\r\ne=a@b\r\np=+1\r\nc=IN IP4 192.0.2.7/127/3\r\n\
     b=AS:80\r\nt=3034423619 3042462419\r\nr=7d 1h 0 25h\r\nz=2882844526 -1h\r\nk=prompt\r\na=tool:x\r\n\
     m=application 9 TCP/MSRP *\r\nm=audio 4000 RTP/AVP 101 8\r\na=rtpmap:101 telephone-event/8000\r\n",
];

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::SDP);
    let sample = *mutator.pick(&SAMPLES);
    let bytes = mutator.damage(sample.as_bytes());
    let local = local(&mut mutator);
    answer(&bytes, &local);
    take_answer(&bytes, local);
    1
}

fn local(mutator: &mut Mutator) -> Local {
    let address = *mutator.pick(&["203.0.113.1:20000", "[2001:db8::1]:65534"]);
    let codecs = mutator
        .pick(&[vec![Codec::Pcma, Codec::Pcmu], vec![Codec::Pcmu]])
        .clone();
    let directions = [
        Direction::SendRecv,
        Direction::SendOnly,
        Direction::RecvOnly,
        Direction::Inactive,
    ];
    Local {
        address: address.parse().unwrap(),
        codecs,
        direction: *mutator.pick(&directions),
    }
}

fn answer(bytes: &[u8], local: &Local) {
    let Ok(offer) = Offer::parse(bytes) else { return };
    let _ = (offer.takes_events(), offer.holds());
    let mut negotiation = Negotiation::new(7);
    let Ok((text, agreed)) = negotiation.answer(&offer, local) else {
        return;
    };
    assert!(offer.codecs().contains(&agreed.codec) && local.codecs.contains(&agreed.codec));
    assert!(
        agreed
            .remote
            .is_none_or(|remote| remote.is_ipv4() == local.address.is_ipv4())
    );
    assert!(agreed.packet_time.is_none_or(|time| !time.is_zero()));
    let sections = |text: &[u8]| {
        text.split(|byte| *byte == b'\n')
            .filter(|line| line.starts_with(b"m="))
            .count()
    };
    // Lone line ends make lines of their own for some readers; ours must agree with itself.
    assert_eq!(Offer::parse(&text).unwrap().codecs(), [agreed.codec]);
    assert!(sections(&text) >= 1);
    // Further offers go on from there.
    let again = negotiation.offer(local.clone());
    assert!(Offer::parse(&again).is_ok());
}

fn take_answer(bytes: &[u8], local: Local) {
    let mut negotiation = Negotiation::new(9);
    let codecs = local.codecs.clone();
    negotiation.offer(local);
    let Ok(answer) = Answer::parse(bytes) else { return };
    if let Ok(agreed) = negotiation.accept_answer(&answer) {
        assert!(codecs.contains(&agreed.codec));
        negotiation.settle();
        assert!(negotiation.accept_answer(&answer).is_err());
    }
}

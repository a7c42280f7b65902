//! What does a message cost on the way in and on the way out?

#![allow(clippy::unwrap_used, reason = "a bench may")]

use std::hint::black_box;

use bytes::Bytes;
use cordboard_sip::{Edit, Message, Name, Request, ResponseBuilder, Status};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const INVITE: &str = "INVITE sip:201@acme.example SIP/2.0\r\n\
    Via: SIP/2.0/UDP 10.0.0.7:5062;rport;branch=z9hG4bK776asdhds\r\n\
    Via: SIP/2.0/UDP 10.0.0.8:5062;branch=z9hG4bK776asdhdx;received=192.0.2.8\r\n\
    Max-Forwards: 70\r\n\
    Record-Route: <sip:10.0.0.8;lr>\r\n\
    From: \"Jane Doe\" <sip:101@acme.example>;tag=1928301774\r\n\
    To: \"201\" <sip:201@acme.example>\r\n\
    Call-ID: a84b4c76e66710@10.0.0.7\r\n\
    CSeq: 314159 INVITE\r\n\
    Contact: <sip:101@10.0.0.7:5062;transport=udp>\r\n\
    Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY\r\n\
    Supported: 100rel, timer, replaces\r\n\
    User-Agent: Bench/1.0\r\n\
    Session-Expires: 1800\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 192\r\n\r\n\
    v=0\r\no=- 2890844526 2890844526 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n\
    m=audio 49170 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\n";

fn messages(criterion: &mut Criterion) {
    let length = INVITE.find("\r\n\r\n").map(|end| INVITE.len() - end - 4).unwrap();
    let bytes = Bytes::from(INVITE.replace("192\r\n\r\n", &format!("{length}\r\n\r\n")));
    let request = Request::parse(bytes.clone()).unwrap();
    let mut group = criterion.benchmark_group("invite");
    group.throughput(Throughput::Elements(1));
    group.bench_function("parse", |b| b.iter(|| Message::parse(black_box(bytes.clone()))));
    group.bench_function("print", |b| b.iter(|| forward(black_box(&request))));
    group.bench_function("parse and print", |b| {
        b.iter(|| forward(&Request::parse(black_box(bytes.clone())).unwrap()));
    });
    group.bench_function("answer", |b| {
        b.iter(|| {
            ResponseBuilder::new(black_box(&request), Status::OK, Some("t"))
                .copy(&request, Name::RecordRoute)
                .header(Name::Contact, "<sip:192.0.2.1>")
                .body("application/sdp", &request.body)
        });
    });
    group.bench_function("stamp the Via", |b| {
        b.iter_batched(
            || request.clone(),
            |mut request| request.stamp(([192, 0, 2, 7], 5_062).into()),
            criterion::BatchSize::SmallInput,
        );
    });
    group.finish();
    witness(criterion, &bytes);
}

/// What a proxy or a back-to-back agent sends on.
fn forward(request: &Request) -> Bytes {
    Edit::request(request)
        .uri("sip:201@10.0.0.9:5060")
        .prepend(Name::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnext")
        .set(Name::MaxForwards, "69")
        .finish()
}

/// The same by rsip, as a yardstick.
fn witness(criterion: &mut Criterion, bytes: &Bytes) {
    criterion.bench_function("invite/rsip parse and print", |b| {
        b.iter(|| {
            rsip::Request::try_from(black_box(bytes.as_ref()))
                .unwrap()
                .to_string()
        });
    });
}

criterion_group!(benches, messages);
criterion_main!(benches);

//! Sound messages to begin from: what our own endpoints say to each other, and odd but legal ones beside.

use std::sync::LazyLock;

use base::Random;

use super::conversation::{Conversation, Wire};

pub const OFFER: &str = "v=0\r\no=a 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
     m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
     a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";
pub const ANSWER: &str = "v=0\r\no=b 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
     m=audio 6000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

/// Legal, and not what most send.
const ODD: &[&str] = &[
    "INVITE sip:%61lice@[2001:db8::9]:5070;transport=udp;maddr=192.0.2.3?Subject=hi SIP/2.0\r\n\
     v: SIP / 2.0 / UDP [2001:db8::9:1]:5060 ;received=2001:db8::9:255; rport=9;branch=z9hG4bKas3-111 ,\r\n \
     SIP/2.0/TCP h.example;branch=z9hG4bKxx;hidden\r\nf: \"Caller \\\"Q\\\" Public\"  <sip:+3312@x;user=phone>;tag=98asj\r\n\
     t:sip:bob@[::1]\r\ni: a@b\r\nCSeq: 0009\r\n INVITE\r\nMax-Forwards: 0068\r\n\
     m: \"A, B\" <sip:a@b;x=\"1\">;q=0.50;+sip.instance=\"<urn:uuid:1>\", <sips:c@d>;expires=9\r\n\
     k: timer,  100rel\r\nRequire:\r\nx: 1800 ;refresher=uas\r\nMin-SE: 90\r\nl: 0\r\n\r\n",
    "REGISTER sip:acme.example SIP/2.0\r\nVia: SIP/2.0/TCP 10.1.2.3:1234;branch=z9hG4bK1;rport;alias\r\n\
     From: <sip:201@acme.example>;tag=1\r\nTo: <sip:201@acme.example>\r\nCall-ID: r1\r\nCSeq: 7 REGISTER\r\n\
     Max-Forwards: 70\r\nContact: <sip:201@10.1.2.3:1234;ob>;reg-id=1;+sip.instance=\"<urn:uuid:0-0>\";expires=600\r\n\
     Contact: <sip:201@10.1.2.3:9>;q=0.1\r\nPath: <sip:p1;lr>, <sip:p2;lr>\r\nSupported: path, outbound, gruu\r\n\
     Authorization: Digest username=\"201\", realm=\"acme.example\", nonce=\"n\", uri=\"sip:acme.example\",\r\n \
     response=\"6629fae49393a05397450978507c4ef1\", qop=auth, nc=00000001, cnonce=\"c\", algorithm=MD5\r\n\
     Expires: 3600\r\nContent-Length: 0\r\n\r\n",
    "NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK2\r\nFrom: <tel:+1-201-555-0123;phone-context=x>;tag=2\r\n\
     To: <sip:a@b>;tag=3\r\nCall-ID: n1\r\nCSeq: 2 NOTIFY\r\nMax-Forwards: 1\r\nEvent: refer;id=93809824\r\n\
     Subscription-State: terminated;reason=noresource;retry-after=5\r\nContact: <sip:x@y>\r\n\
     Content-Type: message/sipfrag;version=2.0\r\nContent-Length: 14\r\n\r\nSIP/2.0 200 OK",
    "SUBSCRIBE sip:201@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK3\r\nFrom: <sip:a@b>;tag=4\r\n\
     To: <sip:201@acme.example>\r\nCall-ID: s1\r\nCSeq: 1 SUBSCRIBE\r\nMax-Forwards: 70\r\nContact: <sip:a@h>\r\n\
     o: dialog;call-id=\"x\";sla\r\nAccept: application/dialog-info+xml, multipart/related;q=0.5\r\nExpires: 600\r\n\
     u: presence, message-summary\r\nl: 0\r\n\r\n",
    "SIP/2.0 401 Unauthorized: \u{e9}\u{fffd}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK4\r\nFrom: <sip:a@b>;tag=5\r\n\
     To: <sip:a@b>;tag=6\r\nCall-ID: q1\r\nCSeq: 1 REGISTER\r\n\
     WWW-Authenticate: Digest realm=\"a,b\", domain=\"sip:x\", nonce=\"\\\"n\", opaque=\"\", stale=TRUE, qop=\"auth,auth-int\", algorithm=SHA-256\r\n\
     WWW-Authenticate: Basic realm=\"x\"\r\nProxy-Authenticate: Digest realm=r,nonce=n\r\n\
     Retry-After: 18000 (in a \\) meeting);duration=3600\r\nWarning: 307 isi.edu \"Session parameter 'foo' not understood\"\r\n\
     Contact: *\r\nContent-Length: 0\r\n\r\n",
    "REFER sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK5\r\nFrom: <sip:a@b>;tag=7\r\nTo: <sip:c@d>;tag=8\r\n\
     Call-ID: f1\r\nCSeq: 3 REFER\r\nr: <sip:e@f;method=INVITE?Replaces=12345%40h%3Bto-tag%3D1%3Bfrom-tag%3D2%3Bearly-only&Require=replaces>\r\n\
     b: \"R\" <sip:a@b>;cid=\"2UWQFN309shb3@r.example\"\r\nRefer-Sub: false\r\nTarget-Dialog: x;local-tag=1;remote-tag=2\r\n\
     Contact: <sip:a@h>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
    "INVITE tel:112 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK6\r\nFrom: sip:a@b;tag=9\r\nTo: tel:112\r\nCall-ID: m1\r\n\
     CSeq: 1 INVITE\r\nContact: sip:a@h\r\nMax-Forwards: 70\r\nPrivacy: id;critical\r\nP-Asserted-Identity: \"x\" <sip:1@a>, tel:+1\r\n\
     History-Info: <sip:1@a?Reason=SIP%3Bcause%3D302>;index=1, <sip:2@a>;index=1.1;mp=1\r\n\
     Diversion: <sip:1@a>;reason=user-busy;counter=2;privacy=off\r\nReason: Q.850 ;cause=16;text=\"a;b\", SIP;cause=200\r\n\
     Replaces: 98732@s;from-tag=r33th4x0r;to-tag=ff87ff\r\nAlert-Info: <http://x/y>;info=a, <urn:alert:internal>\r\n\
     Content-Type: multipart/mixed;boundary=\"b \"\r\nMIME-Version: 1.0\r\nContent-Length: 92\r\n\r\n\
     --b \r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n\r\n--b --\r\n",
];

/// Messages of every kind.
pub static MESSAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut messages: Vec<Vec<u8>> = ODD.iter().map(|text| text.as_bytes().to_vec()).collect();
    for seed in 0..6 {
        let mut conversation = Conversation::new(Random::from_seed(seed), Wire::Datagrams);
        conversation.calls(4);
        messages.extend(conversation.recorded());
    }
    messages
});

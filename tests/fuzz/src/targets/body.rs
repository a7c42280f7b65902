//! Documents that NOTIFY and SUBSCRIBE carry, from whoever is watched or watches.

use sip::body::{CallCompletion, DialogInfo, FeatureEvent, MessageSummary};

use super::Target;
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "body",
    about: "panics; a document that is read otherwise once it was written by us; dialogs that are lost on the way",
    case,
};

const SAMPLES: [&str; 6] = [
    "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" \
     entity=\"sip:301@there.example\"><dialog id=\"a1\" call-id=\"x@192.0.2.7\" local-tag=\"l\" remote-tag=\"r\" \
     direction=\"recipient\"><state event=\"remote-bye\" code=\"200\">early</state><local><identity display=\"Nora\">\
     sip:301@there.example</identity><target uri=\"sip:301@192.0.2.7\"><param pname=\"x\" pval=\"y\"/></target></local>\
     <remote><identity>sip:7@there.example</identity></remote></dialog></dialog-info>",
    "<d:dialog-info xmlns:d='urn:ietf:params:xml:ns:dialog-info' version='4294967295' state='partial' entity='sip:1@a'>\
     <!-- two --><d:dialog id='1'><d:state>confirmed</d:state></d:dialog><d:dialog id='2'><d:state>\n terminated \n</d:state>\
     <d:duration>7</d:duration></d:dialog></d:dialog-info>",
    "<dialog-info version=\"7\" state=\"full\" entity=\"&lt;&#x41;&amp;&quot;\"><![CDATA[<x>]]></dialog-info>",
    "cc-state: ready\r\ncc-service-retention: true\r\ncc-URI: <sip:201@acme.example;m=BS>\r\n",
    "Messages-Waiting: yes\r\nMessage-Account: sip:*98@acme.example\r\nVoice-Message: 2/8 (0/2)\r\nFax-Message: 1/0\r\n",
    "<?xml version=\"1.0\"?><SetForwarding xmlns=\"urn:x\"><device/><forwardingType>forwardNoAns</forwardingType>\
     <activateForward>true</activateForward><forwardDN>*72 0147</forwardDN></SetForwarding>",
];

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::BODY);
    let sample = *mutator.pick(&SAMPLES);
    let bytes = mutator.damage(sample.as_bytes());
    let text = String::from_utf8_lossy(&bytes);
    dialogs(&text);
    if let Ok(read) = CallCompletion::parse(&text) {
        let again = CallCompletion::parse(&written(&read.to_body().bytes)).unwrap();
        assert_eq!((again.state, again.retains), (read.state, read.retains));
    }
    if let Ok(read) = MessageSummary::parse(&text) {
        let again = MessageSummary::parse(&written(&read.to_body().bytes)).unwrap();
        assert_eq!((again.waiting, again.voice), (read.waiting, read.voice));
    }
    if let Ok(read) = FeatureEvent::parse_request(&text) {
        assert!(!FeatureEvent::to_body(&[read]).bytes.is_empty());
    }
    1
}

fn dialogs(text: &str) {
    let Ok(read) = DialogInfo::parse(text) else { return };
    // What we write may be longer than what we read, and too long: marks become entities.
    let Ok(once) = DialogInfo::parse(&written(&read.to_body().bytes)) else {
        assert!(text.len() > MOSTLY_MARKS, "ours cannot be read: {text}");
        return;
    };
    assert_eq!(once.is_busy(), read.is_busy());
    assert_eq!(once.dialogs.len(), read.dialogs.len());
    if let Ok(twice) = DialogInfo::parse(&written(&once.to_body().bytes)) {
        assert_eq!(twice, once);
    }
}

/// Bytes of a document that may be too long once each of its characters takes six.
const MOSTLY_MARKS: usize = 8 << 10;

fn written(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_was_right_before() {
        let read = |text| DialogInfo::parse(text).map(|info| info.dialogs.len());
        assert_eq!(
            SAMPLES[..3].iter().map(|text| read(text)).collect::<Vec<_>>(),
            [Ok(1), Ok(2), Ok(0)]
        );
        assert!(CallCompletion::parse(SAMPLES[3]).is_ok());
        assert!(MessageSummary::parse(SAMPLES[4]).is_ok());
        assert!(FeatureEvent::parse_request(SAMPLES[5]).is_ok());
    }
}

//! External call control as Cisco's Unified Communications Manager speaks it: routing requests in XACML 2.0, and answers with a
//! call instruction (CIXML) as obligation.
//!
//! Strict in what it writes. Takes whatever can be understood: elements and attributes in any case and namespace, attributes
//! that it does not know, bodies in ISO 8859-1.
//!
//! Not here: who may ask, and what is decided.

use exchange::live::{Inquiry, Verdict};
use roxmltree::{Document, Node, ParsingOptions};

/// Elements and texts that a request may have; it needs some forty.
const NODES: u32 = 1_000;

const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
const STATUS: &str = "urn:oasis:names:tc:xacml:1.0:status:";

/// Why there is no instruction; the other exchange then does what it was configured to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undecided {
    #[error("the request is no XML: {0}")]
    Syntax(String),
    #[error("the request names no called number")]
    NoCalled,
    #[error("calls of this tenant are not intercepted")]
    NotApplicable,
    #[error("the exchange did not answer in time")]
    Late,
}

/// What a request asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub inquiry: Inquiry,
    /// What was configured to ask there: `directorynumber`, `translationpattern`, `routepattern`.
    pub trigger: Option<String>,
}

/// Reads a routing request.
pub(crate) fn read(body: &[u8]) -> Result<Asked, Undecided> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        // Its Content-Type says so: the first 256 code points are ISO 8859-1.
        Err(_) => body.iter().copied().map(char::from).collect(),
    };
    let options = ParsingOptions {
        nodes_limit: NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text.trim_start_matches('\u{feff}').trim_start(), options)
        .map_err(|error| Undecided::Syntax(error.to_string()))?;
    if !is(&document.root_element(), "Request") {
        return Err(Undecided::Syntax("the root is no Request".to_owned()));
    }
    let attributes: Vec<(String, String)> = document.descendants().filter_map(attribute).collect();
    let value = |name: &str| {
        let found = attributes.iter().find(|(id, _)| id.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    };
    // The transformed number is the one in full.
    let both = |transformed: &str, plain: &str| -> Vec<String> {
        let mut spellings: Vec<String> = value(transformed).into_iter().chain(value(plain)).collect();
        spellings.dedup();
        spellings
    };
    let inquiry = Inquiry {
        calling: both(
            "urn:Cisco:uc:1.0:transformedcgpn",
            "urn:Cisco:uc:1.0:callingnumber",
        ),
        called: both(
            "urn:Cisco:uc:1.0:transformedcdpn",
            "urn:Cisco:uc:1.0:callednumber",
        ),
    };
    if inquiry.called.is_empty() {
        return Err(Undecided::NoCalled);
    }
    let trigger = value("urn:Cisco:uc:1.0:triggerpointtype");
    Ok(Asked { inquiry, trigger })
}

fn is(node: &Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name().eq_ignore_ascii_case(name)
}

/// The id and value of an `Attribute`.
fn attribute(node: Node<'_, '_>) -> Option<(String, String)> {
    if !is(&node, "Attribute") {
        return None;
    }
    let id = node
        .attributes()
        .find(|attribute| attribute.name().eq_ignore_ascii_case("AttributeId"))?;
    let value = node.children().find(|child| is(child, "AttributeValue"))?;
    let value = value.text().unwrap_or_default().trim();
    Some((id.value().trim().to_owned(), value.to_owned()))
}

/// The answer with an instruction. The decision and the instruction agree, else the first would hold.
pub(crate) fn decided(verdict: &Verdict) -> String {
    let (decision, instruction) = match verdict {
        Verdict::Continue { shown } => (
            "Permit",
            format!("<continue>{}</continue>", modify(shown.as_deref())),
        ),
        Verdict::Divert { to, shown } => (
            "Permit",
            format!(
                "<divert><destination>{}</destination>{}</divert>",
                escaped(to),
                modify(shown.as_deref())
            ),
        ),
        Verdict::Reject { announcement, .. } => {
            let announce = announcement
                .as_deref()
                .map(|name| format!("<announce identification=\"{}\"/>", escaped(name)));
            (
                "Deny",
                format!("<reject>{}</reject>", announce.unwrap_or_default()),
            )
        }
    };
    let obligation = format!("{}.simple", verdict.name());
    // An instruction is a text within the value, not elements of the answer.
    let instruction = escaped(&format!("<cixml ver=\"1.0\">{instruction}</cixml>"));
    result(&format!(
        "<Decision>{decision}</Decision><Status><StatusCode Value=\"{STATUS}ok\"/></Status>\
         <Obligations><Obligation ObligationId=\"{obligation}\" FulfillOn=\"{decision}\">\
         <AttributeAssignment AttributeId=\"Policy:{obligation}\" DataType=\"{STRING}\">\
         <AttributeValue DataType=\"{STRING}\">{instruction}</AttributeValue>\
         </AttributeAssignment></Obligation></Obligations>"
    ))
}

fn modify(shown: Option<&str>) -> String {
    shown
        .map(|number| format!("<modify callingnumber=\"{}\"/>", escaped(number)))
        .unwrap_or_default()
}

/// The answer without one.
pub(crate) fn undecided(why: &Undecided) -> String {
    let (decision, code) = match why {
        Undecided::Syntax(_) => ("Indeterminate", "syntax-error"),
        Undecided::NoCalled => ("Indeterminate", "missing-attribute"),
        Undecided::Late => ("Indeterminate", "processing-error"),
        Undecided::NotApplicable => ("NotApplicable", "ok"),
    };
    result(&format!(
        "<Decision>{decision}</Decision><Status><StatusCode Value=\"{STATUS}{code}\"/><StatusMessage>{}</StatusMessage></Status>",
        escaped(&why.to_string())
    ))
}

fn result(content: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Result>{content}</Result></Response>")
}

/// For texts and attribute values. What XML 1.0 cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use contract::Cause;

    use super::*;

    fn asked(called: &str, transformed: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Request xmlns=\"urn:oasis:names:tc:xacml:2.0:context:schema:os\">\n\
             <Subject SubjectCategory=\"urn:oasis:names:tc:xacml:1.0:subject-category:access-subject\">\
             <Attribute AttributeId=\"urn:oasis:names:tc:xacml:1.0:subject:role-id\" DataType=\"{STRING}\" Issuer=\"requestor\">\
             <AttributeValue>CISCO:UC:UCMPolicy</AttributeValue></Attribute>\
             <Attribute AttributeId=\"urn:Cisco:uc:1.0:callingnumber\" DataType=\"{STRING}\"><AttributeValue>2203</AttributeValue></Attribute>\
             <Attribute AttributeId=\"urn:Cisco:uc:1.0:callednumber\" DataType=\"{STRING}\"><AttributeValue>{called}</AttributeValue></Attribute>\
             <Attribute AttributeId=\"urn:Cisco:uc:1.0:transformedcgpn\" DataType=\"{STRING}\"><AttributeValue>2203</AttributeValue></Attribute>\
             <Attribute AttributeId=\"urn:Cisco:uc:1.0:transformedcdpn\" DataType=\"{STRING}\"><AttributeValue>{transformed}</AttributeValue></Attribute>\
             <Attribute AttributeId=\"urn:Cisco:uc:1.0:callingdevicename\" DataType=\"{STRING}\"><AttributeValue>SEP001122334455</AttributeValue></Attribute>\
             </Subject><Resource/><Environment><Attribute AttributeId=\"urn:Cisco:uc:1.0:triggerpointtype\" DataType=\"{STRING}\">\
             <AttributeValue>directorynumber</AttributeValue></Attribute></Environment></Request>"
        )
    }

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_request_names_the_numbers_as_dialled_and_in_full() {
        let asked = read(asked("2201", "+33123456701").as_bytes()).unwrap();
        assert_eq!(asked.inquiry.calling, texts(&["2203"]));
        assert_eq!(asked.inquiry.called, texts(&["+33123456701", "2201"]));
        assert_eq!(asked.trigger.as_deref(), Some("directorynumber"));
    }

    #[test]
    fn what_can_be_understood_is_taken() {
        let lower = asked("2201", "")
            .replace("<Attribute ", "<x:attribute ")
            .replace("</Attribute>", "</x:attribute>")
            .replace("AttributeId=", "attributeid=")
            .replace("urn:Cisco", "URN:CISCO")
            .replace("<Request ", "<Request xmlns:x=\"urn:x\" ");
        assert_eq!(read(lower.as_bytes()).unwrap().inquiry.called, texts(&["2201"]));
        let mut latin: Vec<u8> = asked("2201", "").replace("SEP001122334455", "SEP~").into_bytes();
        latin
            .iter_mut()
            .filter(|byte| **byte == b'~')
            .for_each(|byte| *byte = 0xe9);
        assert_eq!(read(&latin).unwrap().inquiry.called, texts(&["2201"]));
    }

    #[test]
    fn what_cannot_be_says_why() {
        assert_eq!(read(asked("", "").as_bytes()), Err(Undecided::NoCalled));
        let bomb = format!(
            "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>{}",
            asked("&b;", "").split_once("?>\n").unwrap().1
        );
        let long = format!("<Request>{}</Request>", "<Attribute/>".repeat(2_000));
        for wrong in ["", "no XML", "<Request>", "<Response/>", &bomb, &long] {
            assert!(
                matches!(read(wrong.as_bytes()), Err(Undecided::Syntax(_))),
                "{wrong:.40}"
            );
        }
        let answer = undecided(&Undecided::NoCalled);
        let document = Document::parse(&answer).unwrap();
        let code = document
            .descendants()
            .find(|node| is(node, "StatusCode"))
            .unwrap();
        assert_eq!(
            code.attribute("Value"),
            Some("urn:oasis:names:tc:xacml:1.0:status:missing-attribute")
        );
    }

    /// Decision and instruction of an answer.
    fn told(verdict: &Verdict) -> (String, String) {
        let answer = decided(verdict);
        let document = Document::parse(&answer).unwrap();
        let text = |name: &str| {
            let node = document.descendants().find(|node| is(node, name)).unwrap();
            node.text().unwrap().to_owned()
        };
        let decision = text("Decision");
        let obligation = document
            .descendants()
            .find(|node| is(node, "Obligation"))
            .unwrap();
        assert_eq!(obligation.attribute("FulfillOn"), Some(&*decision));
        let instruction = text("AttributeValue");
        Document::parse(&instruction).unwrap();
        (decision, instruction)
    }

    fn both(decision: &str, instruction: &str) -> (String, String) {
        (
            decision.to_owned(),
            format!("<cixml ver=\"1.0\">{instruction}</cixml>"),
        )
    }

    #[test]
    fn an_answer_is_a_decision_with_an_instruction_that_agrees() {
        let goes_on = Verdict::Continue { shown: None };
        assert_eq!(told(&goes_on), both("Permit", "<continue></continue>"));
        let shown = Verdict::Continue {
            shown: Some("+33123456700".to_owned()),
        };
        let modified = "<continue><modify callingnumber=\"+33123456700\"/></continue>";
        assert_eq!(told(&shown), both("Permit", modified));
        let divert = Verdict::Divert {
            to: "5999".to_owned(),
            shown: None,
        };
        assert_eq!(
            told(&divert),
            both("Permit", "<divert><destination>5999</destination></divert>")
        );
        let reject = |announcement: Option<&str>| Verdict::Reject {
            cause: Cause::Busy,
            announcement: announcement.map(str::to_owned),
        };
        assert_eq!(told(&reject(None)), both("Deny", "<reject></reject>"));
        let named = "<reject><announce identification=\"a&amp;&quot;b\"/></reject>";
        assert_eq!(told(&reject(Some("a&\"b"))), both("Deny", named));
    }
}

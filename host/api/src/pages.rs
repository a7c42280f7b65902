//! Pages of behaviours in the words of telephones: the XML of Cisco's phone services and of Yealink's XML browser.
//!
//! A phone is told over HTTP, and comes back over HTTP: with the page's token, and the number of a choice; 0 dismisses the page.
//! Everything that a behaviour wrote is escaped, and what does not fit a display is the display's to cut.

use contract::Page;

/// Address of a page, for the phone. `base` is how phones reach this interface: `http://192.0.2.1:8060`.
pub fn address(base: &str, token: &str) -> String {
    format!("{}/v1/screens/{token}", base.trim_end_matches('/'))
}

/// What is pushed to a Cisco phone: fetch that page (and play the tone of R66).
pub fn cisco_push(base: &str, token: &str, page: &Page) -> String {
    let mut items = vec![address(base, token)];
    if page.tone {
        items.push("Play:Twinkle.raw".to_owned());
    }
    cisco_execute(&items)
}

/// Puts a Cisco phone's services away.
pub fn cisco_over() -> String {
    cisco_execute(&["Init:Services".to_owned()])
}

fn cisco_execute(urls: &[String]) -> String {
    let mut xml = String::from("<CiscoIPPhoneExecute>");
    for url in urls {
        xml.push_str(&format!("<ExecuteItem Priority=\"0\" URL=\"{}\"/>", escaped(url)));
    }
    xml.push_str("</CiscoIPPhoneExecute>");
    xml
}

/// The page that a Cisco phone fetches: a menu, or a text when there is nothing to choose.
pub fn cisco(base: &str, token: &str, page: &Page) -> String {
    let url = |choice: usize| escaped(&format!("{}/{choice}", address(base, token)));
    let title = format!("<Title>{}</Title>", escaped(&page.title));
    let exit = format!(
        "<SoftKeyItem><Name>Exit</Name><URL>{}</URL><Position>3</Position></SoftKeyItem>",
        url(0)
    );
    if page.choices.is_empty() {
        let text = escaped(&page.text);
        return format!("<CiscoIPPhoneText>{title}<Text>{text}</Text>{exit}</CiscoIPPhoneText>");
    }
    let mut xml = format!(
        "<CiscoIPPhoneMenu>{title}<Prompt>{}</Prompt>",
        escaped(&page.text)
    );
    for (number, choice) in (1..).zip(&page.choices) {
        let (name, url) = (escaped(choice), url(number));
        xml.push_str(&format!(
            "<MenuItem><Name>{name}</Name><URL>{url}</URL></MenuItem>"
        ));
    }
    let select =
        "<SoftKeyItem><Name>Select</Name><URL>SoftKey:Select</URL><Position>1</Position></SoftKeyItem>";
    xml.push_str(&format!("{select}{exit}</CiscoIPPhoneMenu>"));
    xml
}

/// What is pushed to a Yealink phone: the page itself.
pub fn yealink(base: &str, token: &str, page: &Page) -> String {
    let url = |choice: usize| escaped(&format!("{}/{choice}?as=yealink", address(base, token)));
    let beep = if page.tone { "yes" } else { "no" };
    let seconds = page.expiry.div_ceil(1_000);
    let title = escaped(&page.title);
    let around = |name: &str, more: &str, inside: &str| {
        format!(
            "<YealinkIPPhone{name} Beep=\"{beep}\" Timeout=\"{seconds}\" cancelAction=\"{}\"{more}>\
             <Title wrap=\"yes\">{title}</Title>{inside}</YealinkIPPhone{name}>",
            url(0)
        )
    };
    if page.choices.is_empty() {
        let text = format!("<Text>{}</Text>", escaped(&page.text));
        return around("TextScreen", "", &text);
    }
    let mut items = String::new();
    for (number, choice) in (1..).zip(&page.choices) {
        let (prompt, uri) = (escaped(choice), url(number));
        items.push_str(&format!(
            "<MenuItem><Prompt>{prompt}</Prompt><URI>{uri}</URI></MenuItem>"
        ));
    }
    around("TextMenu", " style=\"numbered\"", &items)
}

/// Takes the place of a page on a Yealink phone, and goes by itself.
pub fn yealink_over() -> String {
    "<YealinkIPPhoneTextScreen Beep=\"no\" Timeout=\"1\"><Title>-</Title><Text>-</Text></YealinkIPPhoneTextScreen>"
        .to_owned()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(choices: &[&str]) -> Page {
        Page {
            title: "A & B <talk>".into(),
            text: "203 is in a call".into(),
            choices: choices.iter().map(ToString::to_string).collect(),
            tone: true,
            expiry: 30_000,
        }
    }

    const BASE: &str = "http://192.0.2.1:8060/";

    #[test]
    fn a_cisco_phone_is_told_to_fetch_a_menu_whose_items_come_back() {
        let push = cisco_push(BASE, "t0", &page(&[]));
        assert_eq!(
            push,
            "<CiscoIPPhoneExecute><ExecuteItem Priority=\"0\" URL=\"http://192.0.2.1:8060/v1/screens/t0\"/>\
             <ExecuteItem Priority=\"0\" URL=\"Play:Twinkle.raw\"/></CiscoIPPhoneExecute>"
        );
        let menu = cisco(BASE, "t0", &page(&["Voicemail"]));
        assert!(menu.contains("<Title>A &amp; B &lt;talk&gt;</Title><Prompt>203 is in a call</Prompt>"));
        assert!(menu.contains(
            "<MenuItem><Name>Voicemail</Name><URL>http://192.0.2.1:8060/v1/screens/t0/1</URL></MenuItem>"
        ));
        assert!(menu.contains("<Name>Exit</Name><URL>http://192.0.2.1:8060/v1/screens/t0/0</URL>"));
        assert!(cisco(BASE, "t0", &page(&[])).starts_with("<CiscoIPPhoneText><Title>"));
    }

    #[test]
    fn a_yealink_phone_gets_the_menu_itself() {
        let menu = yealink(BASE, "t0", &page(&["Voicemail"]));
        assert!(menu.starts_with("<YealinkIPPhoneTextMenu Beep=\"yes\" Timeout=\"30\" cancelAction="));
        assert!(menu.contains(
            "<Prompt>Voicemail</Prompt><URI>http://192.0.2.1:8060/v1/screens/t0/1?as=yealink</URI>"
        ));
        assert!(yealink(BASE, "t0", &page(&[])).contains("<Text>203 is in a call</Text>"));
    }
}

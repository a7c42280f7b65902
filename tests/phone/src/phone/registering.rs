//! Registering, and answering challenges (RFC 3261 §10.2 and §22, RFC 8760).

use base::Moment;
use rsip::headers::auth::{Algorithm, AuthQop};
use rsip::services::DigestGenerator;

use super::{Event, Phone, PhoneConfig, with_body};
use crate::text::Incoming;
use crate::transaction::{Client, ClientState};

#[derive(Debug, Default)]
pub(super) struct Registering {
    call_id: String,
    cseq: u32,
    expires: u32,
    tag: String,
    challenged: bool,
    /// Asked for while the last request is not answered.
    next: Option<u32>,
}

impl Registering {
    pub(super) fn new(call_id: String, tag: String) -> Self {
        Self {
            call_id,
            tag,
            ..Self::default()
        }
    }
}

struct Challenge {
    proxy: bool,
    realm: String,
    nonce: String,
    sha256: bool,
    qop: bool,
    opaque: Option<String>,
}

impl Phone {
    /// Registers for so many seconds; 0 takes the registration back.
    ///
    /// Until the last request is answered or given up, the next one waits (RFC 3261 §10.2): they could overtake one
    /// another, and the registrar would be right to refuse the older one.
    pub fn register(&mut self, now: Moment, expires: u32) {
        if self.is_registering() {
            self.register.next = Some(expires);
            return;
        }
        self.register.expires = expires;
        self.register.challenged = false;
        self.send_register(now, None);
    }

    fn is_registering(&self) -> bool {
        let waits = |client: &Client| !matches!(client.state, ClientState::Completed { .. });
        self.clients
            .iter()
            .any(|client| client.method == "REGISTER" && waits(client))
    }

    /// What was asked for meanwhile.
    pub(super) fn register_next(&mut self, now: Moment) {
        if !self.is_registering()
            && let Some(expires) = self.register.next.take()
        {
            self.register(now, expires);
        }
    }

    fn send_register(&mut self, now: Moment, authorization: Option<String>) {
        self.register.cseq += 1;
        let (via, branch) = self.via();
        let PhoneConfig { user, domain, .. } = &self.config;
        let Registering {
            call_id,
            cseq,
            expires,
            tag,
            ..
        } = &self.register;
        let contact = self.contact();
        let mut head = format!(
            "REGISTER sip:{domain} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@{domain}>;tag={tag}\r\n\
             To: <sip:{user}@{domain}>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\nContact: {contact}\r\nExpires: {expires}\r\n"
        );
        head.push_str(authorization.as_deref().unwrap_or_default());
        let call_id = call_id.clone();
        self.request(now, "REGISTER", &branch, &call_id, with_body(head, None));
    }

    pub(super) fn register_answered(&mut self, now: Moment, status: u16, message: &Incoming) {
        match status {
            401 | 407 if !self.register.challenged => {
                self.register.challenged = true;
                let uri = format!("sip:{}", self.config.domain);
                match self.authorization(message, "REGISTER", &uri) {
                    Some(line) => self.send_register(now, Some(line)),
                    None => self.wrong("a challenge that cannot be read"),
                }
            }
            200..=299 => {
                let contacts = usize::from(message.contact.is_some());
                self.event(Event::Registered { contacts });
            }
            _ => self.event(Event::NotRegistered(status)),
        }
        self.register_next(now);
    }

    pub(super) fn authorization(&mut self, message: &Incoming, method: &str, uri: &str) -> Option<String> {
        let challenge = challenge(message)?;
        let rsip_method: rsip::Method = method.parse_method()?;
        let rsip_uri = rsip::Uri::try_from(uri).ok()?;
        self.nonce_count = self.nonce_count % 9 + 1;
        let cnonce = self.random.token(8);
        let qop = challenge.qop.then(|| AuthQop::Auth {
            cnonce: cnonce.clone(),
            nc: self.nonce_count,
        });
        let algorithm = if challenge.sha256 {
            Algorithm::Sha256
        } else {
            Algorithm::Md5
        };
        let response = DigestGenerator {
            username: &self.config.user,
            password: &self.config.password,
            nonce: &challenge.nonce,
            uri: &rsip_uri,
            realm: &challenge.realm,
            method: &rsip_method,
            qop: qop.as_ref(),
            algorithm,
        }
        .compute();
        let name = if challenge.proxy {
            "Proxy-Authorization"
        } else {
            "Authorization"
        };
        let mut line = format!(
            "{name}: Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\", algorithm={}",
            self.config.user,
            challenge.realm,
            challenge.nonce,
            if challenge.sha256 { "SHA-256" } else { "MD5" },
        );
        if challenge.qop {
            line.push_str(&format!(
                ", qop=auth, nc={:08}, cnonce=\"{cnonce}\"",
                self.nonce_count
            ));
        }
        if let Some(opaque) = challenge.opaque {
            line.push_str(&format!(", opaque=\"{opaque}\""));
        }
        line.push_str("\r\n");
        Some(line)
    }
}

trait ParseMethod {
    fn parse_method(&self) -> Option<rsip::Method>;
}

impl ParseMethod for str {
    fn parse_method(&self) -> Option<rsip::Method> {
        <rsip::Method as std::str::FromStr>::from_str(self).ok()
    }
}

fn challenge(message: &Incoming) -> Option<Challenge> {
    let (proxy, text) = match message.header("WWW-Authenticate") {
        Some(text) => (false, text),
        None => (true, message.header("Proxy-Authenticate")?),
    };
    let field = |name: &str| {
        let start = text.find(&format!("{name}="))? + name.len() + 1;
        let rest = &text[start..];
        match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => rest.split([',', ' ']).next(),
        }
    };
    Some(Challenge {
        proxy,
        realm: field("realm")?.to_owned(),
        nonce: field("nonce")?.to_owned(),
        sha256: field("algorithm").is_some_and(|name| name.eq_ignore_ascii_case("SHA-256")),
        qop: field("qop").is_some(),
        opaque: field("opaque").map(str::to_owned),
    })
}

use super::Algorithm;
use super::algorithm::Ha1;
use super::credentials::Fields;
use crate::error::Bad;
use crate::uri::quote;
use crate::{Headers, Method, Name, Response};

/// Who we are to somebody who challenges us.
#[derive(Clone)]
pub struct Login<'a> {
    pub user: &'a str,
    pub password: &'a str,
}

/// What the answer covers (RFC 7616 §3.4.3). `auth` is chosen wherever it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// None was offered: RFC 2069's form.
    Absent,
    Auth,
    /// The body too: only for whoever insists, for every box that touches the body breaks it.
    AuthInt,
}

impl Qop {
    /// None when what is offered is nothing that we know.
    fn choose(offered: Option<&str>) -> Option<Self> {
        let Some(offered) = offered else {
            return Some(Self::Absent);
        };
        let offers = |name: &str| {
            offered
                .split(',')
                .any(|one| one.trim().eq_ignore_ascii_case(name))
        };
        if offers("auth") {
            Some(Self::Auth)
        } else {
            offers("auth-int").then_some(Self::AuthInt)
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "",
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// One WWW-Authenticate or Proxy-Authenticate value that we can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub realm: String,
    pub nonce: String,
    pub opaque: Option<String>,
    pub algorithm: Algorithm,
    /// `…-sess`: the first hash covers the nonces too.
    pub session: bool,
    pub qop: Qop,
    /// The last nonce was too old, the password right.
    pub stale: bool,
    /// Whether the answer goes into Proxy-Authorization.
    pub proxy: bool,
}

impl Challenge {
    /// Reads one value; `proxy` says which header it came in.
    ///
    /// # Errors
    ///
    /// When it is no Digest, lacks realm or nonce, or asks for what we do not speak (another algorithm or qop).
    pub fn parse(text: &str, proxy: bool) -> Result<Self, Bad> {
        let fields = Fields::parse(text)?;
        let need = |name, expected| fields.get(name).ok_or(Bad::new(expected, text.len()));
        let algorithm = fields.get("algorithm").unwrap_or("MD5".into());
        let (base, session) = match algorithm
            .len()
            .checked_sub(5)
            .and_then(|at| algorithm.split_at_checked(at))
        {
            Some((base, tail)) if tail.eq_ignore_ascii_case("-sess") => (base, true),
            _ => (&*algorithm, false),
        };
        let qop = Qop::choose(fields.get("qop").as_deref()).ok_or(Bad::new("qop auth or auth-int", 0))?;
        Ok(Self {
            realm: need("realm", "a realm")?.into_owned(),
            nonce: need("nonce", "a nonce")?.into_owned(),
            opaque: fields.get("opaque").map(Into::into),
            algorithm: Algorithm::parse(base).ok_or(Bad::new("MD5 or SHA-256", 0))?,
            session,
            qop,
            stale: fields
                .get("stale")
                .is_some_and(|s| s.eq_ignore_ascii_case("true")),
            proxy,
        })
    }

    /// The strongest challenge of each realm in a 401 or 407, in order of appearance.
    pub fn all(response: &Response) -> Vec<Self> {
        let mut chosen: Vec<Self> = Vec::new();
        for (name, proxy) in [(Name::WwwAuthenticate, false), (Name::ProxyAuthenticate, true)] {
            for challenge in Self::in_headers(&response.headers, name, proxy) {
                match chosen
                    .iter_mut()
                    .find(|c| c.realm == challenge.realm && c.proxy == proxy)
                {
                    Some(other) if other.algorithm < challenge.algorithm => *other = challenge,
                    Some(_) => {}
                    None => chosen.push(challenge),
                }
            }
        }
        chosen
    }

    fn in_headers(headers: &Headers, name: Name, proxy: bool) -> impl Iterator<Item = Self> {
        // More than a handful is somebody's joke.
        headers
            .all(name)
            .take(16)
            .filter_map(move |field| Self::parse(field.value(), proxy).ok())
    }

    /// The header that carries the answer.
    pub const fn answer_name(&self) -> Name {
        if self.proxy {
            Name::ProxyAuthorization
        } else {
            Name::Authorization
        }
    }
}

/// The value of the Authorization (or Proxy-Authorization) that answers `challenge`.
///
/// `uri` is the Request-URI, `body` the request's body. `count` is how many requests this nonce has served, this one included: 1 at
/// first. `cnonce` is a fresh token of ours.
pub fn answer(
    challenge: &Challenge,
    login: &Login<'_>,
    method: &Method,
    uri: &str,
    body: &[u8],
    count: u32,
    cnonce: &str,
) -> String {
    let algorithm = challenge.algorithm;
    let mut ha1 = Ha1::new(login.user, &challenge.realm, login.password).hex(algorithm);
    if challenge.session {
        ha1 = algorithm.hash(&[&ha1, &challenge.nonce, cnonce]);
    }
    let ha2 = match challenge.qop {
        Qop::AuthInt => algorithm.hash(&[method.as_str(), uri, &algorithm.hash_bytes(body)]),
        Qop::Absent | Qop::Auth => algorithm.hash(&[method.as_str(), uri]),
    };
    let nc = format!("{count:08x}");
    let qop = challenge.qop.as_str();
    let response = match challenge.qop {
        Qop::Absent => algorithm.hash(&[&ha1, &challenge.nonce, &ha2]),
        Qop::Auth | Qop::AuthInt => algorithm.hash(&[&ha1, &challenge.nonce, &nc, cnonce, qop, &ha2]),
    };
    let mut value = format!(
        "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\", algorithm={}{}",
        quote(login.user),
        quote(&challenge.realm),
        quote(&challenge.nonce),
        quote(uri),
        algorithm.as_str(),
        if challenge.session { "-sess" } else { "" },
    );
    if challenge.qop != Qop::Absent {
        value.push_str(&format!(", qop={qop}, nc={nc}, cnonce={}", quote(cnonce)));
    } else if challenge.session {
        value.push_str(&format!(", cnonce={}", quote(cnonce)));
    }
    if let Some(opaque) = &challenge.opaque {
        value.push_str(&format!(", opaque={}", quote(opaque)));
    }
    value
}

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

/// One WWW-Authenticate or Proxy-Authenticate value that we can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub realm: String,
    pub nonce: String,
    pub opaque: Option<String>,
    pub algorithm: Algorithm,
    /// `…-sess`: the first hash covers the nonces too.
    pub session: bool,
    /// Whether `qop=auth` is offered; without it RFC 2069's form is used.
    pub qop: bool,
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
    /// When it is no Digest, lacks realm or nonce, or asks for what we do not speak (another algorithm, or
    /// `auth-int` only).
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
        let qop = fields.get("qop");
        let offers_auth = qop
            .as_ref()
            .is_some_and(|q| q.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some() && !offers_auth {
            return Err(Bad::new("qop auth", 0));
        }
        Ok(Self {
            realm: need("realm", "a realm")?.into_owned(),
            nonce: need("nonce", "a nonce")?.into_owned(),
            opaque: fields.get("opaque").map(Into::into),
            algorithm: Algorithm::parse(base).ok_or(Bad::new("MD5 or SHA-256", 0))?,
            session,
            qop: offers_auth,
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
/// `uri` is the Request-URI. `count` is how many requests this nonce has served, this one included: 1 at
/// first. `cnonce` is a fresh token of ours.
pub fn answer(
    challenge: &Challenge,
    login: &Login<'_>,
    method: &Method,
    uri: &str,
    count: u32,
    cnonce: &str,
) -> String {
    let algorithm = challenge.algorithm;
    let mut ha1 = Ha1::new(login.user, &challenge.realm, login.password).hex(algorithm);
    if challenge.session {
        ha1 = algorithm.hash(&[&ha1, &challenge.nonce, cnonce]);
    }
    let ha2 = algorithm.hash(&[method.as_str(), uri]);
    let nc = format!("{count:08x}");
    let response = if challenge.qop {
        algorithm.hash(&[&ha1, &challenge.nonce, &nc, cnonce, "auth", &ha2])
    } else {
        algorithm.hash(&[&ha1, &challenge.nonce, &ha2])
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
    if challenge.qop {
        value.push_str(&format!(", qop=auth, nc={nc}, cnonce={}", quote(cnonce)));
    } else if challenge.session {
        value.push_str(&format!(", cnonce={}", quote(cnonce)));
    }
    if let Some(opaque) = &challenge.opaque {
        value.push_str(&format!(", opaque={}", quote(opaque)));
    }
    value
}

use std::time::Duration;

use base::{Moment, Random};
use subtle::ConstantTimeEq as _;

use super::nonce::{NonceState, Nonces};
use super::{Algorithm, Credentials, Ha1};
use crate::Request;
use crate::uri::{Parts, quote};

/// How a [`Server`] challenges.
#[derive(Clone, Debug)]
pub struct Settings {
    /// In the order of preference; each becomes a header line (RFC 8760 §2.4). Phones that know only MD5 take
    /// that line.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce serves.
    pub nonce_lifetime: Duration,
    /// Nonces whose counts are remembered.
    pub nonce_capacity: usize,
    /// Refuse credentials made for another URI than the Request-URI (RFC 7616 §3.4.6). SIP does not ask for it
    /// (RFC 3261 §22.4, rule 5): proxies rewrite Request-URIs, and phones write the registrar's address.
    pub match_uri: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // RFC 8760 §2.4 puts the preferred one first and has clients skip what they do not know. Many do not:
            // they stop at the first challenge, so the one that all know is first.
            algorithms: vec![Algorithm::Md5, Algorithm::Sha256],
            nonce_lifetime: Duration::from_secs(300),
            nonce_capacity: 100_000,
            match_uri: false,
        }
    }
}

/// What credentials are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    Accepted,
    /// Right, but the nonce is spent, or of before a restart: challenge with `stale=true`, and the phone answers without asking its user.
    Stale,
    /// Wrong password, or an algorithm that was not offered: challenge, and count the attempt.
    Denied,
    /// Made for another Request-URI, or not to be read: answer 400.
    Malformed,
}

/// Challenges and verifies, for all realms of an exchange.
///
/// Which user may do what is not decided here: the caller finds the [`Ha1`] of `credentials.username` in the
/// tenant whose realm it is. For an unknown user, verify against [`Server::decoy`], so that it takes as long.
#[derive(Debug)]
pub struct Server {
    settings: Settings,
    nonces: Nonces,
    decoy: Ha1,
}

impl Server {
    /// `secret` signs the nonces. A new one at each start makes all earlier nonces stale: their counts are forgotten,
    /// so they could be replayed.
    pub fn new(settings: Settings, secret: [u8; 32], random: Random) -> Self {
        let nonces = Nonces::new(secret, settings.nonce_lifetime, settings.nonce_capacity, random);
        Self {
            settings,
            nonces,
            decoy: Ha1::new("", "", &hex::encode(secret)),
        }
    }

    /// Values for WWW-Authenticate (or Proxy-Authenticate), one a line, for all algorithms of the settings.
    pub fn challenge(&mut self, now: Moment, realm: &str, stale: bool) -> Vec<String> {
        let algorithms = self.settings.algorithms.clone();
        self.challenge_with(now, realm, stale, &algorithms)
    }

    /// The same for some algorithms, in this order (RFC 8760 §2.4).
    pub fn challenge_with(
        &mut self,
        now: Moment,
        realm: &str,
        stale: bool,
        algorithms: &[Algorithm],
    ) -> Vec<String> {
        let nonce = self.nonces.issue(now, realm);
        let stale = if stale { ", stale=true" } else { "" };
        let line = |algorithm: &Algorithm| {
            let (realm, algorithm) = (quote(realm), algorithm.as_str());
            format!("Digest realm={realm}, nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{stale}")
        };
        algorithms.iter().map(line).collect()
    }

    /// A secret that nobody knows the password of.
    pub fn decoy(&self) -> Ha1 {
        self.decoy.clone()
    }

    /// Verifies the credentials that came with `request`. `secret` belongs to their user in their realm.
    pub fn verify(
        &mut self,
        now: Moment,
        request: &Request,
        credentials: &Credentials<'_>,
        secret: &Ha1,
    ) -> Verdict {
        let Some(algorithm) = Algorithm::parse(&credentials.algorithm) else {
            return Verdict::Denied;
        };
        if !self.settings.algorithms.contains(&algorithm) {
            return Verdict::Denied;
        }
        if self.settings.match_uri && !is_same_uri(&credentials.uri, request.uri_text()) {
            return Verdict::Malformed;
        }
        let Ok(count) = count(credentials) else {
            return Verdict::Malformed;
        };
        let expected = response(algorithm, secret, request, credentials);
        let given = credentials.response.to_ascii_lowercase();
        let right = bool::from(expected.as_bytes().ct_eq(given.as_bytes()));
        match self.nonces.check(now, &credentials.realm, &credentials.nonce) {
            _ if !right => Verdict::Denied,
            // A right answer to a nonce that is not ours: one of before a restart, or of another node. Its counts
            // are not known, so it is spent.
            NonceState::Forged | NonceState::Stale => Verdict::Stale,
            NonceState::Fresh
                if self
                    .nonces
                    .take(now, &credentials.realm, &credentials.nonce, count) =>
            {
                Verdict::Accepted
            }
            NonceState::Fresh => Verdict::Stale,
        }
    }
}

/// `nc` as a number; `None` without qop.
fn count(credentials: &Credentials<'_>) -> Result<Option<u32>, ()> {
    match (
        credentials.qop.as_deref(),
        credentials.nc.as_deref(),
        &credentials.cnonce,
    ) {
        (None, _, _) => Ok(None),
        (Some(qop), Some(nc), Some(_)) if is_known(qop) && nc.len() == 8 => u32::from_str_radix(nc, 16)
            .ok()
            .filter(|count| *count > 0)
            .map(Some)
            .ok_or(()),
        _ => Err(()),
    }
}

/// We offer `auth` alone; a phone that protects its body as well is let in too.
fn is_known(qop: &str) -> bool {
    qop.eq_ignore_ascii_case("auth") || qop.eq_ignore_ascii_case("auth-int")
}

fn response(algorithm: Algorithm, secret: &Ha1, request: &Request, credentials: &Credentials<'_>) -> String {
    let ha1 = secret.hex(algorithm);
    let method = request.method.as_str();
    let covers_body = credentials
        .qop
        .as_deref()
        .is_some_and(|qop| qop.eq_ignore_ascii_case("auth-int"));
    let ha2 = if covers_body {
        algorithm.hash(&[method, &credentials.uri, &algorithm.hash_bytes(&request.body)])
    } else {
        algorithm.hash(&[method, &credentials.uri])
    };
    match (&credentials.qop, &credentials.nc, &credentials.cnonce) {
        (Some(qop), Some(nc), Some(cnonce)) => {
            algorithm.hash(&[&ha1, &credentials.nonce, nc, cnonce, qop, &ha2])
        }
        _ => algorithm.hash(&[&ha1, &credentials.nonce, &ha2]),
    }
}

fn is_same_uri(a: &str, b: &str) -> bool {
    a == b || matches!((Parts::parse(a), Parts::parse(b)), (Ok(a), Ok(b)) if a.is_equivalent(&b))
}

//! Pages for phones with a browser: pushed over HTTP to where they registered from, away from the exchange's thread.
//!
//! One attempt each, with an end: what a phone does not take in time counts as not shown, and the behaviour goes on with
//! sound. Only so many are on their way at once; those beyond are not shown.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::pages;
use exchange::directory::Screen;
use exchange::{Input, Push};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::inbox::Inbox;
use crate::config;

/// For a phone to take a page.
const PATIENCE: Duration = Duration::from_secs(3);

/// Pushes at once.
const AT_ONCE: usize = 200;

/// Of an answer that anybody reads.
const ANSWER_BYTES: usize = 16 << 10;

/// Pushes pages.
pub struct Screens {
    config: Arc<config::Screens>,
    tokio: Handle,
    inbox: Inbox<Input>,
    free: Arc<Semaphore>,
}

impl Screens {
    pub fn new(config: config::Screens, tokio: Handle, inbox: Inbox<Input>) -> Self {
        Self {
            config: Arc::new(config),
            tokio,
            inbox,
            free: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Returns at once; the exchange hears what came of it.
    pub fn push(&self, push: Push) {
        let (config, inbox) = (Arc::clone(&self.config), self.inbox.clone());
        let permit = Arc::clone(&self.free).try_acquire_owned();
        self.tokio.spawn(async move {
            let shown = match permit {
                Ok(_permit) => deliver(&config, &push).await,
                Err(_) => Err(io::Error::other("too many pages are on their way")),
            };
            if let Err(error) = &shown {
                tracing::info!(device = %push.device, %error, "a page was not shown");
            }
            if push.page.is_some() {
                let told = Input::Pushed {
                    token: push.token,
                    device: push.device,
                    shown: shown.is_ok(),
                };
                // A full inbox counts what it refuses; the page then ends with its time.
                let _ = inbox.send(told);
            }
        });
    }
}

async fn deliver(config: &config::Screens, push: &Push) -> io::Result<()> {
    if config.url.is_empty() {
        return Err(io::Error::other("`screens.url` is not configured"));
    }
    let (path, kind, body) = match (push.screen, &push.page) {
        (Screen::Cisco, page) => {
            let xml = match page {
                Some(page) => pages::cisco_push(&config.url, &push.token, page),
                None => pages::cisco_over(),
            };
            let form = format!("XML={}", form_encoded(&xml));
            ("/CGI/Execute", "application/x-www-form-urlencoded", form)
        }
        (Screen::Yealink, page) => {
            let xml = match page {
                Some(page) => pages::yealink(&config.url, &push.token, page),
                None => pages::yealink_over(),
            };
            ("/", "text/xml", format!("xml={xml}"))
        }
        (Screen::Text | Screen::Desk, _) => return Ok(()),
    };
    let to = SocketAddr::new(push.host, config.port);
    let login = base64(format!("{}:{}", config.user, config.password.reveal()).as_bytes());
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {to}\r\nAuthorization: Basic {login}\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = tokio::time::timeout(PATIENCE, post(to, request.as_bytes())).await??;
    accepted(&answer)
}

async fn post(to: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(to).await?;
    connection.write_all(request).await?;
    let mut answer = Vec::new();
    let mut buffer = [0; 2_048];
    while !is_whole(&answer) && answer.len() < ANSWER_BYTES {
        match connection.read(&mut buffer).await? {
            0 => break,
            read => answer.extend_from_slice(buffer.get(..read).unwrap_or_default()),
        }
    }
    Ok(answer)
}

/// Some phones keep the connection whatever they are asked.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}

/// Cisco's phones refuse inside of a 200.
fn accepted(answer: &[u8]) -> io::Result<()> {
    let text = String::from_utf8_lossy(answer);
    let status = text.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        return Err(io::Error::other(format!("the phone answered `{status}`")));
    }
    if text.contains("<CiscoIPPhoneError") {
        return Err(io::Error::other(
            "the phone does not take it: is the login right?",
        ));
    }
    Ok(())
}

fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// RFC 4648 §4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let letter = (bits >> (18 - 6 * place)) & 63;
            let letter = LETTERS.get(letter as usize).copied().unwrap_or(b'=');
            encoded.push(if place > chunk.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_and_forms_are_encoded_as_phones_expect() {
        assert_eq!(base64(b"user:pass"), "dXNlcjpwYXNz");
        assert_eq!((base64(b"a"), base64(b"ab")), ("YQ==".into(), "YWI=".into()));
        assert_eq!(form_encoded("<a b=\"1\"/>"), "%3Ca%20b%3D%221%22%2F%3E");
    }

    #[test]
    fn a_refusal_inside_of_a_200_is_one() {
        assert!(accepted(b"HTTP/1.1 200 OK\r\n\r\n<CiscoIPPhoneResponse/>").is_ok());
        assert!(accepted(b"HTTP/1.1 200 OK\r\n\r\n<CiscoIPPhoneError Number=\"4\"/>").is_err());
        assert!(accepted(b"HTTP/1.1 401 Unauthorized\r\n\r\n").is_err());
        assert!(is_whole(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"));
    }
}

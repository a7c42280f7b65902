//! The exchange as tests, benches and the demo use it: as a process, through its HTTP API.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may"))]

pub mod ports;
mod server;
mod until;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub use nix::sys::signal::Signal;
pub use server::Server;
pub use until::{until, within};

type Sent = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

/// Talks to one exchange on this machine, with one token.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: String,
}

impl Client {
    pub fn new(port: u16, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .build();
        Self {
            agent: config.into(),
            base: format!("http://127.0.0.1:{port}"),
            authorization: format!("Bearer {token}"),
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn signed<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        request.header("Authorization", &self.authorization)
    }

    /// Whether the exchange answers and says that it is well.
    pub fn is_there(&self) -> bool {
        self.agent
            .get(self.at("/health"))
            .call()
            .is_ok_and(|response| response.status() == 200)
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        let sent = self.signed(self.agent.get(self.at(path))).call();
        answer("GET", path, sent)
    }

    /// The value of a metric without labels; none while nothing has been counted.
    ///
    /// # Errors
    ///
    /// When the server does not answer.
    pub fn metric(&self, name: &str) -> Result<Option<f64>> {
        let text = self
            .agent
            .get(self.at("/metrics"))
            .call()?
            .body_mut()
            .read_to_string()?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.and_then(|value| value.trim().parse().ok()))
    }

    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let sent = self.signed(self.agent.put(self.at(path))).send_json(body);
        answer("PUT", path, sent)
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let sent = self.signed(self.agent.post(self.at(path))).send_json(body);
        answer("POST", path, sent)
    }

    /// Posts, and tells where the time went as the server saw it: parts with milliseconds each.
    pub fn post_timed(&self, path: &str, body: &Value) -> Result<Vec<(String, f64)>> {
        let sent = self.signed(self.agent.post(self.at(path))).send_json(body);
        let told = sent
            .as_ref()
            .ok()
            .and_then(|response| response.headers().get("server-timing"));
        let parts = told.and_then(|value| value.to_str().ok()).map(parts);
        answer("POST", path, sent)?;
        Ok(parts.unwrap_or_default())
    }

    pub fn delete(&self, path: &str) -> Result<Value> {
        let sent = self.signed(self.agent.delete(self.at(path))).call();
        answer("DELETE", path, sent)
    }

    /// Puts bytes of the media type `kind`, such as a recording.
    pub fn put_bytes(&self, path: &str, kind: &str, bytes: &[u8]) -> Result<Value> {
        let request = self.signed(self.agent.put(self.at(path)));
        answer("PUT", path, request.header("Content-Type", kind).send(bytes))
    }

    /// Uploads a module for a tenant and returns its digest; `build` marks it as another build of the same code,
    /// which gives it another digest.
    pub fn upload_module(&self, tenant: &str, file: &Path, build: Option<&str>) -> Result<String> {
        let mut module = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        if let Some(build) = build {
            module.extend(custom_section("build", build));
        }
        let answer = self.upload(
            &format!("/v1/tenants/{tenant}/modules"),
            "application/wasm",
            &module,
        )?;
        let digest = answer
            .get("digest")
            .and_then(Value::as_str)
            .context("an upload's answer names no digest")?;
        Ok(digest.to_owned())
    }

    /// Posts bytes of the media type `kind`, such as a module.
    pub fn upload(&self, path: &str, kind: &str, bytes: &[u8]) -> Result<Value> {
        let request = self.signed(self.agent.post(self.at(path)));
        answer("POST", path, request.header("Content-Type", kind).send(bytes))
    }
}

fn answer(method: &str, path: &str, sent: Sent) -> Result<Value> {
    let mut response = sent.with_context(|| format!("{method} {path}"))?;
    let text = response.body_mut().read_to_string()?;
    if !response.status().is_success() {
        bail!("{method} {path}: {} {text}", response.status());
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{method} {path} answered no JSON: {text}"))
}

/// What a header `Server-Timing` says: `read;dur=0.2, check;dur=1.3`.
fn parts(text: &str) -> Vec<(String, f64)> {
    let parts = text.split(',').filter_map(|part| part.trim().split_once(";dur="));
    parts
        .filter_map(|(name, millis)| Some((name.to_owned(), millis.parse().ok()?)))
        .collect()
}

/// A custom section of a Wasm module: a name and bytes that no engine looks at. Both shorter than 64 bytes.
fn custom_section(name: &str, content: &str) -> Vec<u8> {
    let length = 1 + name.len() + content.len();
    let mut section = vec![0, length as u8, name.len() as u8];
    section.extend(name.bytes());
    section.extend(content.bytes());
    section
}

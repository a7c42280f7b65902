//! The exchange's API, as far as demo and benches need it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

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

    pub fn is_there(&self) -> bool {
        self.agent
            .get(format!("{}/health", self.base))
            .call()
            .is_ok_and(|response| response.status() == 200)
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        let response = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("Authorization", &self.authorization)
            .call()
            .with_context(|| format!("GET {path}"))?;
        answer("GET", path, response)
    }

    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let response = self
            .agent
            .put(format!("{}{path}", self.base))
            .header("Authorization", &self.authorization)
            .send_json(body)
            .with_context(|| format!("PUT {path}"))?;
        answer("PUT", path, response)
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let response = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("Authorization", &self.authorization)
            .send_json(body)
            .with_context(|| format!("POST {path}"))?;
        answer("POST", path, response)
    }

    pub fn upload(&self, path: &str, kind: &str, bytes: &[u8]) -> Result<Value> {
        let response = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("Authorization", &self.authorization)
            .header("Content-Type", kind)
            .send(bytes)
            .with_context(|| format!("POST {path}"))?;
        answer("POST", path, response)
    }
}

fn answer(method: &str, path: &str, mut response: ureq::http::Response<ureq::Body>) -> Result<Value> {
    let text = response.body_mut().read_to_string()?;
    if !response.status().is_success() {
        bail!("{method} {path}: {} {text}", response.status());
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{method} {path} answered no JSON: {text}"))
}

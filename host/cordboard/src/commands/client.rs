//! How the command line speaks with an exchange's API.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use serde_json::Value;
use ureq::ResponseExt;

type Sent = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

/// Where the exchange is and who asks.
#[derive(Args, Clone)]
pub struct Connection {
    /// Address of the API
    #[arg(
        long,
        global = true,
        env = "CORDBOARD_URL",
        default_value = "http://127.0.0.1:8060"
    )]
    url: String,
    /// File that holds the access token
    #[arg(
        long,
        global = true,
        env = "CORDBOARD_TOKEN_FILE",
        default_value = "cordboard-data/operator.token"
    )]
    token_file: PathBuf,
    /// Print JSON as the API gives it
    #[arg(long, global = true)]
    pub json: bool,
}

impl Connection {
    fn agent() -> ureq::Agent {
        ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(120)))
            .http_status_as_error(false)
            .build()
            .into()
    }

    /// `CORDBOARD_TOKEN`, else the file's content.
    fn authorization(&self) -> Result<String> {
        let token = match std::env::var("CORDBOARD_TOKEN") {
            Ok(token) => token,
            Err(_) => std::fs::read_to_string(&self.token_file).map_err(|error| {
                NoExchange(format!(
                    "no token: `{}` cannot be read ({error}); name the file with --token-file, or put the token into CORDBOARD_TOKEN",
                    self.token_file.display()
                ))
            })?,
        };
        Ok(format!("Bearer {}", token.trim()))
    }

    fn signed<B>(&self, request: ureq::RequestBuilder<B>) -> Result<ureq::RequestBuilder<B>> {
        Ok(request.header("Authorization", self.authorization()?))
    }

    /// What is there, if it is.
    pub fn find(&self, path: &str) -> Result<Option<Value>> {
        match self.get(path) {
            Ok(found) => Ok(Some(found)),
            Err(error)
                if error
                    .downcast_ref::<Refused>()
                    .is_some_and(|refused| refused.status == 404) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        let call = self.signed(Self::agent().get(self.at(path)))?.call();
        self.answer(call)
    }

    pub fn delete(&self, path: &str) -> Result<Value> {
        let call = self.signed(Self::agent().delete(self.at(path)))?.call();
        self.answer(call)
    }

    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let call = self.signed(Self::agent().put(self.at(path)))?.send_json(body);
        self.answer(call)
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let call = self.signed(Self::agent().post(self.at(path)))?.send_json(body);
        self.answer(call)
    }

    pub fn upload(&self, path: &str, kind: &str, bytes: &[u8]) -> Result<Value> {
        let call = self
            .signed(Self::agent().post(self.at(path)))?
            .header("Content-Type", kind)
            .send(bytes);
        self.answer(call)
    }

    pub fn put_bytes(&self, path: &str, kind: &str, bytes: &[u8]) -> Result<Value> {
        let call = self
            .signed(Self::agent().put(self.at(path)))?
            .header("Content-Type", kind)
            .send(bytes);
        self.answer(call)
    }

    /// Posts, and hands over each server-sent event of the answer: its name and its data. `each` ends it by returning false.
    pub fn follow(
        &self,
        path: &str,
        body: &Value,
        each: &mut dyn FnMut(&str, Value) -> Result<bool>,
    ) -> Result<()> {
        let call = self.signed(Self::patient().post(self.at(path)))?.send_json(body);
        self.events(call, each)
    }

    /// The same for what is only looked at.
    pub fn watch(&self, path: &str, each: &mut dyn FnMut(&str, Value) -> Result<bool>) -> Result<()> {
        let call = self.signed(Self::patient().get(self.at(path)))?.call();
        self.events(call, each)
    }

    /// An answer takes as long as it takes; one that does not begin never comes.
    fn patient() -> ureq::Agent {
        ureq::Agent::config_builder()
            .timeout_recv_response(Some(Duration::from_secs(120)))
            .http_status_as_error(false)
            .build()
            .into()
    }

    fn events(&self, call: Sent, each: &mut dyn FnMut(&str, Value) -> Result<bool>) -> Result<()> {
        if !call.as_ref().is_ok_and(|response| response.status().is_success()) {
            return self.answer(call).map(drop);
        }
        let reader = BufReader::new(call?.into_body().into_reader());
        let mut name = String::new();
        for line in reader.lines() {
            let line = line?;
            match line.split_once(':') {
                Some(("event", text)) => name = text.trim().to_owned(),
                Some(("data", text)) => {
                    let value = serde_json::from_str(text.trim()).unwrap_or_default();
                    if !each(&name, value)? {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        bail!("the exchange ended its answer in the middle")
    }

    /// The whole address of what the API has there.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    fn answer(&self, call: Sent) -> Result<Value> {
        let mut response = call.map_err(|error| {
            NoExchange(format!(
                "no exchange answers at {} ({error}); start one with `cordboard serve`, or name another with --url",
                self.url
            ))
        })?;
        let text = response.body_mut().read_to_string()?;
        let value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        if response.status().is_success() {
            return Ok(value);
        }
        let status = response.status();
        let text = if self.json {
            Some(value.to_string())
        } else if status == 404 {
            // Its detail says what there is not, its title only that.
            let asked = response.get_uri().path().trim_start_matches("/v1/");
            let detail = value.get("detail").and_then(Value::as_str);
            detail.map(|detail| format!("{detail} ({asked})"))
        } else {
            problem(&value)
        };
        Err(anyhow!(Refused {
            status: status.as_u16(),
            text: text.unwrap_or_else(|| format!("{status} {value}")),
        }))
    }
}

/// The exchange said no.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Refused {
    pub status: u16,
    text: String,
}

impl Refused {
    /// With a hint where a value was of another type than it should be.
    pub fn hint_at_types(mut self, hint: &str) -> Self {
        if self.text.contains("invalid type") {
            self.text.push_str(&format!("\n  {hint}"));
        }
        self
    }
}

/// Nobody was asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoExchange(String);

/// A problem document (RFC 9457) as lines for people.
fn problem(value: &Value) -> Option<String> {
    let title = value.get("title")?.as_str()?;
    let mut text = title.to_owned();
    let errors = value
        .get("errors")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if errors.is_empty() {
        text.push_str(&format!(
            ": {}",
            value.get("detail").and_then(Value::as_str).unwrap_or_default()
        ));
    }
    for error in errors {
        let field = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let line = format!("{} {}", field("pointer"), field("detail"));
        text.push_str(&format!("\n  {}", line.trim_start()));
    }
    Some(text)
}

/// A path segment with everything escaped that is not plain (RFC 3986 §2.3).
pub fn segment(text: &str) -> Result<String> {
    if text.is_empty() {
        bail!("an empty id");
    }
    Ok(escaped(text))
}

/// Text within an address, with everything escaped that is not plain.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// All pages of a list.
pub fn pages(connection: &Connection, path: &str) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let query = match &after {
            Some(after) => {
                let mark = if path.contains('?') { '&' } else { '?' };
                format!("{path}{mark}after={}", segment(after)?)
            }
            None => path.to_owned(),
        };
        let page = connection.get(&query)?;
        items.extend(
            page.get("items")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
        );
        match page.get("next") {
            Some(Value::String(next)) => after = Some(next.clone()),
            Some(Value::Number(next)) => after = Some(next.to_string()),
            _ => return Ok(items),
        }
    }
}

/// Prints a list, all of its pages.
pub fn show_all(connection: &Connection, path: &str) -> Result<()> {
    show(connection, &Value::Array(pages(connection, path)?))
}

/// The document in an answer that says its revision too.
pub fn document(answer: Value) -> Value {
    answer.get("document").cloned().unwrap_or(answer)
}

/// Prints a value: JSON on request, else readable lines.
pub fn show(connection: &Connection, value: &Value) -> Result<()> {
    if connection.json {
        println!("{}", serde_json::to_string_pretty(value)?);
        return Ok(());
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| println!("{}", line(item))),
        Value::Object(fields) => {
            for (name, value) in fields {
                println!("{name:<16} {}", plain(value));
            }
        }
        Value::Null => {}
        other => println!("{}", plain(other)),
    }
    Ok(())
}

fn line(item: &Value) -> String {
    // Documents come with their revision.
    let item = item.get("document").unwrap_or(item);
    let Value::Object(fields) = item else {
        return plain(item);
    };
    let first = ["id", "name", "digest"];
    let mut words: Vec<String> = first
        .iter()
        .filter_map(|name| fields.get(*name))
        .map(plain)
        .collect();
    for (name, value) in fields.iter().filter(|(name, _)| !first.contains(&name.as_str())) {
        if !value.is_object() && !value.is_null() {
            words.push(format!("{name}={}", plain(value)));
        }
    }
    words.join("  ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

use bytes::Bytes;

use super::Printer;
use crate::{HeaderName, Headers, Name, Request, Response};

/// Edits of a received message. What is not named is copied byte for byte, in its order.
///
/// ```
/// use cordboard_sip::{Edit, Name, Request};
///
/// # fn forward(request: &Request) -> bytes::Bytes {
/// Edit::request(request)
///     .uri("sip:201@192.0.2.7:5060")
///     .prepend(Name::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2")
///     .set(Name::MaxForwards, "69")
///     .remove(Name::Route)
///     .finish()
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Edit<'a> {
    start_line: String,
    headers: &'a Headers,
    body: Bytes,
    /// Names whose lines are left out.
    dropped: Vec<HeaderName<'a>>,
    /// Lines in the place of the first line of that name, else at the end.
    set: Vec<(HeaderName<'a>, String)>,
    first: Vec<(HeaderName<'a>, String)>,
    last: Vec<(HeaderName<'a>, String)>,
}

impl<'a> Edit<'a> {
    pub fn request(request: &'a Request) -> Self {
        let line = format!("{} {} SIP/2.0", request.method, request.uri_text());
        Self::new(line, &request.headers, request.body.clone())
    }

    pub fn response(response: &'a Response) -> Self {
        let line = format!("SIP/2.0 {} {}", response.status, response.reason());
        Self::new(line, &response.headers, response.body.clone())
    }

    fn new(start_line: String, headers: &'a Headers, body: Bytes) -> Self {
        Self {
            start_line,
            headers,
            body,
            dropped: vec![],
            set: vec![],
            first: vec![],
            last: vec![],
        }
    }

    /// Another Request-URI. Does nothing to a response.
    pub fn uri(mut self, uri: &str) -> Self {
        if let Some((method, _)) = self.start_line.split_once(' ')
            && !method.starts_with("SIP/")
        {
            self.start_line = format!("{method} {uri} SIP/2.0");
        }
        self
    }

    /// One line in the place of all of that name.
    pub fn set(mut self, name: impl Into<HeaderName<'a>>, value: &str) -> Self {
        self.set.push((name.into(), value.to_owned()));
        self
    }

    /// A line before all others.
    pub fn prepend(mut self, name: impl Into<HeaderName<'a>>, value: &str) -> Self {
        self.first.push((name.into(), value.to_owned()));
        self
    }

    /// A line after all others.
    pub fn append(mut self, name: impl Into<HeaderName<'a>>, value: &str) -> Self {
        self.last.push((name.into(), value.to_owned()));
        self
    }

    /// No line of that name.
    pub fn remove(mut self, name: impl Into<HeaderName<'a>>) -> Self {
        self.dropped.push(name.into());
        self
    }

    /// Another body. An empty one takes Content-Type away.
    pub fn body(mut self, content_type: &str, body: Bytes) -> Self {
        self.body = body;
        if self.body.is_empty() {
            self.remove(Name::ContentType)
        } else {
            self.set(Name::ContentType, content_type)
        }
    }

    pub fn finish(self) -> Bytes {
        let mut printer = Printer::with_room(self.headers.head_room() + self.body.len());
        printer.safe(&self.start_line);
        printer.raw("\r\n");
        for (name, value) in &self.first {
            printer.header(*name, value);
        }
        let mut written = vec![false; self.set.len()];
        for field in self.headers.iter() {
            if field.name() == Name::ContentLength || self.dropped.iter().any(|name| field.is(*name)) {
                continue;
            }
            match self.set.iter().position(|(name, _)| field.is(*name)) {
                Some(position) if written[position] => {}
                Some(position) => {
                    written[position] = true;
                    printer.header(self.set[position].0, &self.set[position].1);
                }
                None => printer.line(self.headers.line(&field)),
            }
        }
        for ((name, value), _) in self.set.iter().zip(&written).filter(|(_, written)| !**written) {
            printer.header(*name, value);
        }
        for (name, value) in &self.last {
            printer.header(*name, value);
        }
        printer.finish(None, &self.body)
    }
}

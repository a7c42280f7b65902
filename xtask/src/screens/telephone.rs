//! A telephone's HTTP side: it takes what is pushed, and fetches what that says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use phone::live::LivePhone;
use roxmltree::Document;

const PATIENCE: Duration = Duration::from_secs(20);

/// Listens where the exchange pushes to.
pub struct Telephone(TcpListener);

/// What was pushed, to which address of the telephone's.
struct Pushed {
    path: String,
    body: String,
}

impl Telephone {
    pub fn listen() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().map_or(0, |address| address.port())
    }

    /// Lets a phone go on with SIP until a page has come.
    pub fn shows<T>(&self, phone: &mut LivePhone, take: impl Fn(&Self) -> Result<Option<T>>) -> Result<T> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            phone.pump(Duration::from_millis(20))?;
            if let Some(page) = take(self)? {
                return Ok(page);
            }
        }
        bail!("no page came");
    }

    /// A Cisco's page, fetched as it was told to, and what chose this item of its menu came to.
    pub fn cisco(&self, choose: Option<&str>) -> Result<Option<(String, String)>> {
        let Some(pushed) = self.pushed("/CGI/Execute", "<CiscoIPPhoneResponse/>")? else {
            return Ok(None);
        };
        let form = pushed
            .body
            .strip_prefix("XML=")
            .context("a form with the field XML")?;
        let execute = decoded(form)?;
        let document = Document::parse(&execute)?;
        let mut items = document.descendants().filter_map(|node| node.attribute("URL"));
        // The end of an earlier page has none.
        let Some(url) = items.find(|url| url.starts_with("http://")) else {
            return Ok(None);
        };
        let page = fetch(url)?;
        let chosen = match choose {
            Some(name) => fetch(&url_of(&page, name)?)?,
            None => String::new(),
        };
        Ok(Some((page, chosen)))
    }

    /// A Yealink's page: the push is the page.
    pub fn yealink(&self) -> Result<Option<String>> {
        let pushed = self.pushed("/", "")?;
        let Some(pushed) = pushed else {
            return Ok(None);
        };
        let xml = pushed.body.strip_prefix("xml=").context("the field xml")?;
        Ok(Some(xml.to_owned()).filter(|xml| xml.contains("Menu")))
    }

    fn pushed(&self, to: &str, answer: &str) -> Result<Option<Pushed>> {
        let Ok((mut stream, _)) = self.0.accept() else {
            return Ok(None);
        };
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = read(&mut stream)?;
        let (head, body) = request.split_once("\r\n\r\n").context("a request")?;
        ensure!(
            head.contains("Authorization: Basic "),
            "the phone lets nobody in without a login: {head}"
        );
        let path = head.split(' ').nth(1).context("a path")?.to_owned();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
            answer.len()
        )?;
        let pushed = Pushed {
            path,
            body: body.to_owned(),
        };
        Ok(Some(pushed).filter(|pushed| pushed.path == to))
    }
}

/// Where an item of a menu leads.
fn url_of(page: &str, name: &str) -> Result<String> {
    let document = Document::parse(page)?;
    let child = |node: roxmltree::Node<'_, '_>, name: &str| -> Option<String> {
        let child = node.children().find(|child| child.has_tag_name(name))?;
        child.text().map(str::to_owned)
    };
    let items = document
        .descendants()
        .filter(|node| node.has_tag_name("MenuItem"));
    let mut urls = items.filter(|item| child(*item, "Name").as_deref() == Some(name));
    let item = urls.next().with_context(|| format!("no {name} in {page}"))?;
    child(item, "URL").context("its URL")
}

fn fetch(url: &str) -> Result<String> {
    let rest = url.strip_prefix("http://").context("an address")?;
    let (host, path) = rest.split_once('/').context("a path")?;
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let answer = read(&mut stream)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer")?;
    ensure!(head.starts_with("HTTP/1.1 200"), "{url}: {head}");
    Ok(body.to_owned())
}

/// A whole message with its body.
fn read(stream: &mut TcpStream) -> Result<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let named = name.eq_ignore_ascii_case("content-length");
                named.then(|| value.trim().parse::<usize>().ok())?
            });
            if length.is_some_and(|length| body.len() >= length) {
                return Ok(text.into_owned());
            }
        }
        let mut buffer = [0; 4_096];
        match stream.read(&mut buffer)? {
            0 => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
            read => bytes.extend_from_slice(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// Of a form (`%3C` is `<`).
fn decoded(form: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let mut rest = form.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits)?, 16)?);
                rest = after;
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    Ok(String::from_utf8(bytes)?)
}

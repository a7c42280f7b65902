//! Callers and callees of our own, who tell a call's set-up time by the microsecond: SIPp's clock steps by four milliseconds,
//! and it takes half a processor from what it measures.
//!
//! Calls come at fixed moments, however long others take. Nothing is said again when it is lost: a call without a final answer has failed.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::sipp::{CALLEE_IP, CALLER_IP, Step, percentile};

/// For the last calls' answers.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

/// Answer whatever comes to a port, until dropped.
pub struct Callees {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Callees {
    pub fn start(port: u16) -> Result<Self> {
        let socket = bound(CALLEE_IP, port)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || answer_all(&socket, &stopped));
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Callees {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn bound(ip: &str, port: u16) -> Result<UdpSocket> {
    let socket = UdpSocket::bind((ip, port)).with_context(|| format!("port {port} is taken"))?;
    socket.set_read_timeout(Some(LOOK))?;
    Ok(socket)
}

fn answer_all(socket: &UdpSocket, stop: &AtomicBool) {
    let mut buffer = [0; 8_192];
    while !stop.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let request = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
        let Ok(local) = socket.local_addr() else { return };
        if let Some(response) = response(&request, local) {
            drop(socket.send_to(response.as_bytes(), from));
        }
    }
}

/// 200 to every request but ACK.
fn response(request: &str, local: SocketAddr) -> Option<String> {
    let method = request.split(' ').next()?;
    if matches!(method, "ACK" | "SIP/2.0") {
        return None;
    }
    let mut head = String::from("SIP/2.0 200 OK\r\n");
    for line in lines(request) {
        let name = line.split(':').next().unwrap_or_default();
        match name {
            "To" if !line.contains(";tag=") => head.push_str(&format!("{line};tag=callee\r\n")),
            "Via" | "From" | "To" | "Call-ID" | "CSeq" | "Record-Route" => {
                head.push_str(&format!("{line}\r\n"))
            }
            _ => {}
        }
    }
    head.push_str(&format!("Contact: <sip:callee@{local}>\r\n"));
    let body = if method == "INVITE" {
        description(local)
    } else {
        String::new()
    };
    Some(with_body(&head, &body))
}

fn lines(message: &str) -> impl Iterator<Item = &str> {
    let head = message.split("\r\n\r\n").next().unwrap_or_default();
    head.split("\r\n")
}

fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    lines(message).find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}

fn description(local: SocketAddr) -> String {
    let ip = local.ip();
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )
}

fn with_body(head: &str, body: &str) -> String {
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// What became of a call.
#[derive(Clone, Copy)]
enum Call {
    Waiting(Instant),
    Answered(Duration),
    Failed,
}

/// The calls of one turn.
struct Turn {
    socket: UdpSocket,
    local: SocketAddr,
    server: SocketAddr,
    /// Tells its calls from another turn's.
    name: String,
    calls: Mutex<Vec<Call>>,
}

/// Calls `numbers` in turn at a rate for a while.
pub fn call(server: SocketAddr, numbers: &[String], rate: u64, seconds: u64) -> Result<Step> {
    let socket = bound(CALLER_IP, client::ports::free(1)?)?;
    let local = socket.local_addr()?;
    let turn = Turn {
        name: format!("{}-{}", local.port(), std::process::id()),
        socket,
        local,
        server,
        calls: Mutex::default(),
    };
    let began = Instant::now();
    let count = rate * seconds;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let listener = scope.spawn(|| turn.listen(&stop));
        for number in 0..count {
            let due = began + Duration::from_micros(number * 1_000_000 / rate);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let called = numbers
                .get(number as usize % numbers.len().max(1))
                .context("there is nobody to call")?;
            turn.invite(number, called)?;
        }
        let end = Instant::now() + PATIENCE;
        while turn.is_waiting() && Instant::now() < end {
            std::thread::sleep(LOOK);
        }
        stop.store(true, Ordering::Relaxed);
        listener.join().map_err(|_| anyhow!("the callers panicked"))
    })?;
    let calls = turn.calls.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut times: Vec<f64> = calls
        .iter()
        .filter_map(|call| match call {
            Call::Answered(took) => Some(took.as_secs_f64() * 1_000.0),
            Call::Waiting(_) | Call::Failed => None,
        })
        .collect();
    times.sort_by(f64::total_cmp);
    Ok(Step {
        calls: count,
        failed: count - times.len() as u64,
        p50: percentile(&times, 0.5),
        p95: percentile(&times, 0.95),
        p99: percentile(&times, 0.99),
        times,
        took: began.elapsed(),
        planned: Duration::from_secs(seconds),
    })
}

impl Turn {
    fn invite(&self, number: u64, called: &str) -> Result<()> {
        let (local, name) = (self.local, &self.name);
        let head = format!(
            "INVITE sip:{called}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{name}i{number}\r\nMax-Forwards: 70\r\n\
             From: <sip:+33123450000@{local}>;tag={name}x{number}\r\nTo: <sip:{called}@{server}>\r\nCall-ID: {number}-{name}\r\n\
             CSeq: 1 INVITE\r\nContact: <sip:caller@{local}>\r\n",
            server = self.server,
        );
        let text = with_body(&head, &description(local));
        self.calls().push(Call::Waiting(Instant::now()));
        self.socket.send_to(text.as_bytes(), self.server)?;
        Ok(())
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_waiting(&self) -> bool {
        self.calls().iter().any(|call| matches!(call, Call::Waiting(_)))
    }

    fn listen(&self, stop: &AtomicBool) {
        let mut buffer = [0; 8_192];
        while !stop.load(Ordering::Relaxed) {
            let Ok(length) = self.socket.recv(&mut buffer) else {
                continue;
            };
            let now = Instant::now();
            let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
            // What cannot be read is nothing that a call waits for.
            let _ = self.heard(&text, now);
        }
    }

    fn heard(&self, text: &str, now: Instant) -> Option<()> {
        if !text.starts_with("SIP/2.0 ") {
            let response = response(text, self.local)?;
            self.socket.send_to(response.as_bytes(), self.server).ok()?;
            return Some(());
        }
        let status: u32 = text.get(8..11)?.parse().ok()?;
        let number: usize = header(text, "Call-ID")?.split('-').next()?.parse().ok()?;
        if status < 200 || !header(text, "CSeq")?.ends_with("INVITE") {
            return Some(());
        }
        if let Some(call @ Call::Waiting(_)) = self.calls().get_mut(number)
            && let Call::Waiting(since) = *call
        {
            *call = if status < 300 {
                Call::Answered(now.duration_since(since))
            } else {
                Call::Failed
            };
        }
        let requests: &[(&str, u32)] = if status < 300 {
            &[("ACK", 1), ("BYE", 2)]
        } else {
            &[("ACK", 1)]
        };
        for (method, sequence) in requests {
            let request = self.request(text, method, *sequence, number, status)?;
            self.socket.send_to(request.as_bytes(), self.server).ok()?;
        }
        Some(())
    }

    /// A request inside of the call that was answered so, or the ACK of a refusal, which is the INVITE's (RFC 3261 §17.1.1.3).
    fn request(
        &self,
        answer: &str,
        method: &str,
        sequence: u32,
        number: usize,
        status: u32,
    ) -> Option<String> {
        let (local, name) = (self.local, &self.name);
        let to = header(answer, "To")?;
        let contact = header(answer, "Contact").and_then(|contact| contact.split(['<', '>']).nth(1));
        let (branch, uri) = if status < 300 {
            (method, contact?)
        } else {
            ("i", to.split(['<', '>']).nth(1)?)
        };
        Some(format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{name}{branch}{number}\r\nMax-Forwards: 70\r\n\
             From: <sip:+33123450000@{local}>;tag={name}x{number}\r\nTo: {to}\r\nCall-ID: {number}-{name}\r\n\
             CSeq: {sequence} {method}\r\nContent-Length: 0\r\n\r\n"
        ))
    }
}

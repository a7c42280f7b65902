//! Framing of SIP over a byte stream (RFC 3261 §18.3): where one message ends and the next begins.
//!
//! Knows Content-Length and nothing else of a message. Also hears the keep-alives of RFC 5626 §4.4.1:
//! CRLFCRLF is a ping, to be answered with [`PONG`]; a single CRLF is a pong, or the stray line end that
//! RFC 3261 §7.5 lets stand before a message.
//!
//! There is no safe way to find the next message after garbage, so the first fault ends the stream: what of
//! the message can be answered is handed out as a frame (the parser refuses it with the right status), then
//! [`poll`](Framer::poll) fails for good and the connection is to be closed.

use bytes::{Bytes, BytesMut};

use crate::MAX_MESSAGE;
use crate::token::{is_space, is_token_byte};

/// The answer to [`Frame::Ping`].
pub const PONG: &[u8] = b"\r\n";
/// What the client side sends to hear a [`Frame::Pong`].
pub const PING: &[u8] = b"\r\n\r\n";

/// One thing that came out of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message, head and body; for [`Message::parse`](crate::Message::parse).
    Message(Bytes),
    Ping,
    Pong,
}

/// Why the connection must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FramingError {
    #[error("not SIP")]
    NotSip,
    #[error("head or message over {MAX_MESSAGE} bytes")]
    TooLarge,
    #[error("Content-Length is no number, or two differ")]
    Length,
}

/// Cuts one connection's incoming bytes into [`Frame`]s. Holds at most one message and one read beyond it.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// Bytes already searched for the end of the head.
    searched: usize,
    /// Of the head at the start of the buffer, once it is complete.
    message: Option<usize>,
    /// A CRLF was handed out as a pong; with another one it turns out to be a ping.
    half_ping: bool,
    fault: Option<FramingError>,
}

impl Framer {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was read. Poll until there is no frame left before adding more, so that the buffer stays bounded.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.fault.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next frame; `None` until more bytes come.
    ///
    /// # Errors
    ///
    /// Once the stream is beyond repair; every later call fails too.
    pub fn poll(&mut self) -> Result<Option<Frame>, FramingError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.message.is_none() {
            if let Some(frame) = self.keep_alive() {
                return Ok(Some(frame));
            }
            match self.read_head() {
                Ok(length) => self.message = length,
                Err((fault, answerable)) => return self.fail(fault, answerable),
            }
        }
        Ok(self.take_message())
    }

    fn take_message(&mut self) -> Option<Frame> {
        let length = self.message?;
        if self.buffer.len() < length {
            return None;
        }
        self.message = None;
        self.searched = 0;
        Some(Frame::Message(self.buffer.split_to(length).freeze()))
    }

    /// Line ends between messages.
    fn keep_alive(&mut self) -> Option<Frame> {
        if self.searched > 0 {
            return None;
        }
        match self.buffer[..] {
            [b'\r', b'\n', b'\r', b'\n', ..] => self.cut(4, Frame::Ping, false),
            // Half of a ping may be all that has come yet.
            [b'\r', b'\n', b'\r'] if !self.half_ping => None,
            [b'\r', b'\n', ..] if self.half_ping => self.cut(2, Frame::Ping, false),
            [b'\r', b'\n', ..] => {
                let whole = self.buffer.len() == 2;
                self.cut(2, Frame::Pong, whole)
            }
            [] | [b'\r'] => None,
            _ => {
                self.half_ping = false;
                None
            }
        }
    }

    fn cut(&mut self, length: usize, frame: Frame, half_ping: bool) -> Option<Frame> {
        let _ = self.buffer.split_to(length);
        self.half_ping = half_ping;
        Some(frame)
    }

    /// The length of the whole message once its head is there. The error says whether the head can be answered.
    fn read_head(&mut self) -> Result<Option<usize>, (FramingError, Option<usize>)> {
        match self.buffer.first() {
            None | Some(b'\r') => return Ok(None),
            Some(byte) if !is_token_byte(*byte) => return Err((FramingError::NotSip, None)),
            Some(_) => {}
        }
        let Some(head) = self.find_head_end() else {
            self.check_unfinished()?;
            return Ok(None);
        };
        if !is_sip(&self.buffer[..head]) {
            return Err((FramingError::NotSip, None));
        }
        if head > MAX_MESSAGE {
            // Had it come in small reads, its end would never have been seen.
            return Err((FramingError::TooLarge, None));
        }
        let length = content_length(&self.buffer[..head]).ok_or((FramingError::Length, Some(head)))?;
        match head.checked_add(length).filter(|total| *total <= MAX_MESSAGE) {
            Some(total) => Ok(Some(total)),
            None => Err((FramingError::TooLarge, Some(head))),
        }
    }

    /// What is there of a head may not be too long, nor be something else than SIP.
    fn check_unfinished(&self) -> Result<(), (FramingError, Option<usize>)> {
        if self.buffer.len() > MAX_MESSAGE {
            return Err((FramingError::TooLarge, None));
        }
        match memchr::memchr(b'\n', &self.buffer) {
            Some(end) if !is_sip(&self.buffer[..=end]) => Err((FramingError::NotSip, None)),
            _ => Ok(()),
        }
    }

    /// Where the body begins.
    fn find_head_end(&mut self) -> Option<usize> {
        // The empty line may straddle two reads.
        let from = self.searched.saturating_sub(3);
        for at in memchr::memchr_iter(b'\n', &self.buffer[from..]) {
            match self.buffer[from + at + 1..] {
                [b'\n', ..] => return Some(from + at + 2),
                [b'\r', b'\n', ..] => return Some(from + at + 3),
                _ => {}
            }
        }
        self.searched = self.buffer.len();
        None
    }

    fn fail(
        &mut self,
        fault: FramingError,
        answerable: Option<usize>,
    ) -> Result<Option<Frame>, FramingError> {
        self.fault = Some(fault);
        let head = answerable.map(|head| self.buffer.split_to(head).freeze());
        self.buffer = BytesMut::new();
        head.map(|head| Some(Frame::Message(head))).ok_or(fault)
    }
}

/// `SIP/…` begins the first line or its last word.
fn is_sip(head: &[u8]) -> bool {
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    let line = head[..end].trim_ascii_end();
    let last = line.iter().rposition(|b| *b == b' ').map_or(0, |space| space + 1);
    let begins = |bytes: &[u8]| {
        bytes
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
    };
    begins(line) || begins(&line[last..])
}

/// 0 without one; `None` when it cannot be told.
fn content_length(head: &[u8]) -> Option<usize> {
    let mut length = None;
    let mut lines = head.split(|b| *b == b'\n').peekable();
    while let Some(line) = lines.next() {
        let Some(colon) = memchr::memchr(b':', line) else {
            continue;
        };
        let name = line[..colon].trim_ascii_end();
        if !name.eq_ignore_ascii_case(b"Content-Length") && !name.eq_ignore_ascii_case(b"l") {
            continue;
        }
        let mut value = line[colon + 1..].trim_ascii();
        if value.is_empty()
            && lines
                .peek()
                .is_some_and(|next| next.first().is_some_and(|b| is_space(*b)))
        {
            value = lines.next().unwrap_or_default().trim_ascii();
        }
        let one: usize = std::str::from_utf8(value)
            .ok()
            .filter(|v| v.bytes().all(|b| b.is_ascii_digit()))?
            .parse()
            .ok()?;
        if length.is_some_and(|length| length != one) {
            return None;
        }
        length = Some(one);
    }
    Some(length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\nl: 5\r\n\r\nhello";

    fn frames(framer: &mut Framer) -> Vec<Frame> {
        std::iter::from_fn(|| framer.poll().unwrap()).collect()
    }

    fn message(bytes: &'static [u8]) -> Frame {
        Frame::Message(Bytes::from_static(bytes))
    }

    #[test]
    fn messages_are_cut_apart_wherever_the_reads_end() {
        let stream = [MESSAGE, MESSAGE].concat();
        for cut in 0..stream.len() {
            let mut framer = Framer::new();
            framer.push(&stream[..cut]);
            let mut got = frames(&mut framer);
            framer.push(&stream[cut..]);
            got.extend(frames(&mut framer));
            assert_eq!(got, [message(MESSAGE), message(MESSAGE)], "cut at {cut}");
        }
    }

    #[test]
    fn one_byte_at_a_time_is_enough() {
        let mut framer = Framer::new();
        let mut got = vec![];
        for byte in [MESSAGE, b"SIP/2.0 200 OK\r\n\r\n", MESSAGE].concat() {
            framer.push(&[byte]);
            got.extend(frames(&mut framer));
        }
        assert_eq!(
            got,
            [
                message(MESSAGE),
                message(b"SIP/2.0 200 OK\r\n\r\n"),
                message(MESSAGE)
            ]
        );
    }

    #[test]
    fn keep_alives_are_told_from_messages() {
        let mut framer = Framer::new();
        framer.push(b"\r\n\r\n");
        framer.push(MESSAGE);
        framer.push(b"\r\n\r\n\r\n");
        assert_eq!(
            frames(&mut framer),
            [Frame::Ping, message(MESSAGE), Frame::Ping, Frame::Pong]
        );
    }

    #[test]
    fn a_ping_in_two_reads_is_still_a_ping() {
        let mut framer = Framer::new();
        framer.push(b"\r\n");
        assert_eq!(frames(&mut framer), [Frame::Pong]);
        framer.push(b"\r\n");
        assert_eq!(frames(&mut framer), [Frame::Ping]);
        framer.push(b"\r\n");
        assert_eq!(frames(&mut framer), [Frame::Pong]);
        framer.push(MESSAGE);
        assert_eq!(frames(&mut framer), [message(MESSAGE)]);
    }

    #[test]
    fn a_folded_length_counts() {
        let mut framer = Framer::new();
        framer.push(b"A a SIP/2.0\r\nContent-Length:\r\n  2\r\n\r\nhiB b SIP/2.0\r\n\r\n");
        assert_eq!(frames(&mut framer).len(), 2);
    }

    #[test]
    fn garbage_closes_the_connection() {
        for garbage in [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01", b"\0", b"hello\r\n"] {
            let mut framer = Framer::new();
            framer.push(garbage);
            assert_eq!(framer.poll(), Err(FramingError::NotSip), "{garbage:?}");
            framer.push(MESSAGE);
            assert_eq!(framer.poll(), Err(FramingError::NotSip));
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_answered_once_then_closes() {
        for (length, fault) in [
            ("-1", FramingError::Length),
            ("4\r\nl: 5", FramingError::Length),
            ("99999999999999999999999", FramingError::Length),
            ("65535", FramingError::TooLarge),
        ] {
            let mut framer = Framer::new();
            let head = format!("A a SIP/2.0\r\nContent-Length: {length}\r\n\r\n");
            framer.push(head.as_bytes());
            assert_eq!(framer.poll(), Ok(Some(Frame::Message(Bytes::from(head)))));
            assert_eq!(framer.poll(), Err(fault));
        }
    }

    #[test]
    fn an_endless_head_is_not_kept() {
        let mut framer = Framer::new();
        framer.push(b"A a SIP/2.0\r\n");
        let line = [b'x'; 4_096];
        let mut polled = Ok(None);
        for _ in 0..20 {
            framer.push(&line);
            polled = framer.poll();
        }
        assert_eq!(polled, Err(FramingError::TooLarge));
        assert!(framer.buffer.is_empty());
    }

    #[test]
    fn a_head_that_is_too_large_gets_no_answer_however_it_is_read() {
        let head = format!("A a SIP/2.0\r\nSubject: {}\r\n\r\n", "x".repeat(MAX_MESSAGE));
        let mut framer = Framer::new();
        framer.push(head.as_bytes());
        assert_eq!(framer.poll(), Err(FramingError::TooLarge));
    }
}

//! Finding the session description in a multipart body (RFC 2046 §5.1, RFC 5621).

use bytes::Bytes;
use memchr::memmem;

use super::Body;

/// More parts than any telephone sends.
const MAX_PARTS: usize = 16;

/// The first part that is `application/sdp`.
pub(super) fn session_part(body: &Bytes, boundary: &str) -> Option<Body> {
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let delimiter = format!("--{boundary}");
    let starts: Vec<usize> = memmem::find_iter(body, delimiter.as_bytes())
        .filter(|at| *at == 0 || body.get(at - 1) == Some(&b'\n'))
        .take(MAX_PARTS)
        .collect();
    starts.windows(2).find_map(|pair| {
        let &[from, to] = pair else { return None };
        let part = body.slice(from + delimiter.len()..to);
        sdp(&part)
    })
}

/// The content of one part, without the line end that belongs to the next delimiter.
fn sdp(part: &Bytes) -> Option<Body> {
    let head_end = memmem::find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(part.get(..head_end)?).ok()?;
    let is_sdp = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .any(|(name, value)| {
            let name = name.trim();
            let kind = value.split(';').next().unwrap_or_default().trim();
            (name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("c"))
                && kind.eq_ignore_ascii_case("application/sdp")
        });
    if !is_sdp {
        return None;
    }
    let content = part.slice(head_end + 4..);
    let end = content.len() - if content.ends_with(b"\r\n") { 2 } else { 0 };
    Some(Body::sdp(content.slice(..end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_description_is_found_among_other_parts() {
        let text = "--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1\r\n\
            Content-Type: Application/SDP\r\nContent-ID: <1@x>\r\n\r\nv=0\r\no=- 1 1 IN IP4 1\r\n\r\n--b1--\r\n";
        let body = session_part(&Bytes::from_static(text.as_bytes()), "b1").unwrap();
        assert!(body.is_sdp());
        assert_eq!(body.bytes, "v=0\r\no=- 1 1 IN IP4 1\r\n");
    }

    #[test]
    fn a_torn_multipart_has_none() {
        for text in [
            "",
            "--b1",
            "--b1\r\n\r\n--b1",
            "--b1\r\nContent-Type: application/sdp\r\n--b1--",
            "v=0",
        ] {
            assert_eq!(
                session_part(&Bytes::from_static(text.as_bytes()), "b1"),
                None,
                "{text:?}"
            );
        }
        assert_eq!(session_part(&Bytes::from_static(b"--\r\n"), ""), None);
    }
}

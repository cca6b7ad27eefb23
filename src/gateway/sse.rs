//! Server-sent events: read as they pass, in whatever pieces they come, and written.
//!
//! The reader only divides the stream into events and names their data; the bytes themselves go on
//! untouched where both sides speak this.

use bytes::{Buf as _, Bytes, BytesMut};

/// An event with its data. Comments and events without data are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub data: Bytes,
}

/// An event was longer than any is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// No event of an answer is longer: the longest hold one piece of text or of a tool's input.
pub(super) const LONGEST_EVENT: usize = 16 << 20;

/// Divides a stream into events.
#[derive(Debug, Default)]
pub(super) struct Reader {
    buffer: BytesMut,
    /// How much of `buffer` has been searched for the end of a line.
    searched: usize,
    data: Option<BytesMut>,
}

impl Reader {
    /// Takes the next piece of a stream.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole event, if it has come.
    pub(super) fn next(&mut self) -> Result<Option<Event>, TooLong> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                if let Some(data) = self.data.take() {
                    return Ok(Some(Event { data: data.freeze() }));
                }
            } else if let Some(data) = data_of(&line) {
                match &mut self.data {
                    Some(before) => {
                        before.extend_from_slice(b"\n");
                        before.extend_from_slice(data);
                    }
                    None => self.data = Some(BytesMut::from(data)),
                }
            }
            if self.data.as_ref().is_some_and(|data| data.len() > LONGEST_EVENT) {
                return Err(TooLong);
            }
        }
        if self.buffer.len() > LONGEST_EVENT { Err(TooLong) } else { Ok(None) }
    }

    /// Whether something has come that is no whole event yet.
    pub(super) fn is_within(&self) -> bool {
        !self.buffer.is_empty() || self.data.is_some()
    }

    /// The next line, without its end: `\n`, `\r\n` or `\r`.
    fn line(&mut self) -> Option<Bytes> {
        let rest = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(at) = memchr::memchr2(b'\n', b'\r', rest).map(|at| at + self.searched) else {
            self.searched = self.buffer.len();
            return None;
        };
        let end = match (self.buffer.get(at), self.buffer.get(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => 2,
            // The line feed may be in the next piece.
            (Some(b'\r'), None) => {
                self.searched = at;
                return None;
            }
            _ => 1,
        };
        let line = self.buffer.split_to(at).freeze();
        self.buffer.advance(end);
        self.searched = 0;
        Some(line)
    }
}

fn data_of(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"data")?;
    match rest {
        [] => Some(rest),
        [b':', b' ', rest @ ..] | [b':', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// An event as bytes. `data` has no line break, as JSON on one line.
pub(super) fn written(name: &str, data: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(name.len() + data.len() + 18);
    for part in [b"event: ", name.as_bytes(), b"\ndata: ", data, b"\n\n"] {
        out.extend_from_slice(part);
    }
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&str]) -> Vec<String> {
        let mut reader = Reader::default();
        let mut found = Vec::new();
        for piece in pieces {
            reader.push(piece.as_bytes());
            while let Some(event) = reader.next().unwrap() {
                found.push(String::from_utf8(event.data.to_vec()).unwrap());
            }
        }
        found
    }

    #[test]
    fn events_are_found_however_the_stream_is_cut() {
        let stream =
            ": hello\nevent: a\ndata: {\"x\":1}\n\ndata:two\ndata: lines\r\n\r\nid: 1\n\ndata\n\n";
        let whole = ["{\"x\":1}", "two\nlines", ""];
        assert_eq!(all(&[stream]), whole);
        for cut in 1..stream.len() {
            let (a, b) = stream.split_at(cut);
            assert_eq!(all(&[a, b]), whole, "cut at {cut}");
        }
        let each: Vec<String> = stream.chars().map(String::from).collect();
        assert_eq!(all(&each.iter().map(String::as_str).collect::<Vec<_>>()), whole);
    }

    #[test]
    fn an_event_that_has_not_ended_is_none() {
        let mut reader = Reader::default();
        reader.push(b"data: x\n");
        assert_eq!(reader.next(), Ok(None));
        assert!(reader.is_within());
        reader.push(b"\n");
        assert!(reader.next().unwrap().is_some());
        assert!(!reader.is_within());
    }

    #[test]
    fn an_event_without_end_does_not_fill_the_memory() {
        let mut reader = Reader::default();
        let piece = vec![b'x'; 1 << 20];
        let refused = (0..20).find(|_| {
            reader.push(&piece);
            reader.next().is_err()
        });
        assert_eq!(refused, Some(16));
        let mut reader = Reader::default();
        let line = [b"data: ".as_slice(), &piece, b"\n"].concat();
        let refused = (0..20).find(|_| {
            reader.push(&line);
            reader.next().is_err()
        });
        assert_eq!(refused, Some(15));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = written("ping", b"{\"type\":\"ping\"}");
        assert_eq!(text, "event: ping\ndata: {\"type\":\"ping\"}\n\n");
        assert_eq!(all(&[std::str::from_utf8(&text).unwrap()]), ["{\"type\":\"ping\"}"]);
    }
}

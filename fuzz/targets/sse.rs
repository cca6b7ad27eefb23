//! Server-sent events: cut into whatever pieces they give the same, and the same as the standard has it.
#![no_main]

#[path = "../../src/gateway/sse.rs"]
mod sse;

use libfuzzer_sys::fuzz_target;
use sse::Reader;

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, bool) {
    let (mut reader, mut found) = (Reader::default(), Vec::new());
    for piece in pieces {
        reader.push(piece);
        while let Some(event) = reader.next().expect("nothing here is too long") {
            found.push(event.data.to_vec());
        }
    }
    (found, reader.is_within())
}

/// The same from the standard's words, byte for byte and with all of it at hand.
fn reference(stream: &[u8]) -> Vec<Vec<u8>> {
    let (mut found, mut data, mut line) = (Vec::new(), None::<Vec<u8>>, Vec::new());
    let mut at = 0;
    while at < stream.len() {
        let length = match (stream[at], stream.get(at + 1)) {
            (b'\r', Some(b'\n')) => 2,
            // Whether a line feed follows is not known yet.
            (b'\r', None) => break,
            (b'\r' | b'\n', _) => 1,
            (byte, _) => {
                line.push(byte);
                at += 1;
                continue;
            }
        };
        at += length;
        let ended = std::mem::take(&mut line);
        let (name, value) = match ended.iter().position(|byte| *byte == b':') {
            Some(colon) => (&ended[..colon], &ended[colon + 1..]),
            None => (&ended[..], &b""[..]),
        };
        if ended.is_empty() {
            found.extend(data.take());
        } else if name == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            data = Some(match data {
                Some(before) => [&before[..], b"\n", value].concat(),
                None => value.to_vec(),
            });
        }
    }
    found
}

fuzz_target!(|data: &[u8]| {
    let [size, stream @ ..] = data else { return };
    let whole = read([stream].into_iter());
    assert_eq!(whole.0, reference(stream));
    assert_eq!(whole, read(stream.chunks(usize::from(*size).max(1))));
    assert_eq!(whole, read(stream.chunks(1)));
    if !stream.contains(&b'\n') && !stream.contains(&b'\r') {
        let written = sse::written("ping", stream);
        assert_eq!(read([&written[..]].into_iter()), (vec![stream.to_vec()], false));
    }
});

//! Bedrock's frames: cut into whatever pieces they give the same, and what is written is read back.
#![no_main]

#[expect(dead_code, reason = "not all of it is tried here")]
#[path = "../../src/gateway/frame.rs"]
mod frame;

use frame::{Broken, Frame, Reader};
use libfuzzer_sys::fuzz_target;

/// All that is found in these pieces, and whether something is left.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<Broken>, bool) {
    let (mut reader, mut found) = (Reader::default(), Vec::new());
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => break,
                Err(broken) => return (found, Some(broken), false),
            }
        }
    }
    (found, None, reader.is_within())
}

/// A frame with right lengths and checksums around any headers and payload: a fuzzer guesses no checksum.
fn put(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = |length: usize| (length as u32).to_be_bytes();
    let mut out = [length(16 + headers.len() + payload.len()), length(headers.len())].concat();
    out.extend(checksum(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload);
    out.extend(checksum(&out).to_be_bytes());
    out
}

fn checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

fuzz_target!(|data: &[u8]| {
    let [how, size, cut, rest @ ..] = data else { return };
    let (headers, payload) = rest.split_at(usize::from(*cut).min(rest.len()));
    let stream = match how % 3 {
        0 => rest.to_vec(),
        1 => [put(headers, payload), put(&[], headers)].concat(),
        _ => [frame::written(headers), frame::exception("x", "y"), put(headers, payload).into()]
            .concat(),
    };
    let whole = read([stream.as_slice()].into_iter());
    assert_eq!(whole, read(stream.chunks(usize::from(*size).max(1))));
    assert_eq!(whole, read(stream.chunks(1)));

    let written = frame::written(rest);
    assert_eq!(
        read([&written[..]].into_iter()),
        (vec![Frame::Event(rest.to_vec().into())], None, false)
    );
    if let Ok(text) = std::str::from_utf8(payload) {
        let exception = frame::exception("throttlingException", text);
        let (kind, message) = ("throttlingException".to_owned(), text.to_owned());
        let found = read([&exception[..]].into_iter());
        assert_eq!(found, (vec![Frame::Exception { kind, message }], None, false));
    }
});

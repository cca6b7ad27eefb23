//! Reading a configuration file as text, within limits.
//!
//! A path may name anything: a folder, a device without an end, a dump of some gigabytes, a file
//! that an editor saved as UTF-16. Each gets its own sentence, and none is read further than a
//! configuration can reasonably go.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path as FilePath,
};

use super::place::Place;
use crate::error::{Error, Kind};

const MOST_BYTES: u64 = 1024 * 1024;

/// Reads the file, or says in a sentence why not.
pub(super) fn read(path: &FilePath, label: &str) -> Result<String, Error> {
    let bytes = match bytes(path, MOST_BYTES) {
        Ok(bytes) => bytes,
        Err(Unreadable::Io(error)) => return Err(unreadable(path, label, error)),
        Err(Unreadable::Folder) => {
            let message = format!("could not read `{label}`: it is a folder");
            return Err(Error::new(Kind::Config, message).hint("name the file in it"));
        }
        Err(Unreadable::TooLarge) => {
            let message = format!("could not read `{label}`: it is larger than 1 MiB");
            return Err(Error::new(Kind::Config, message)
                .hint("a configuration has a few kilobytes: is this the right file?"));
        }
    };
    let text = decoded(bytes, label)?;
    check_characters(&text, label)?;
    Ok(text)
}

pub(super) enum Unreadable {
    Io(io::Error),
    Folder,
    TooLarge,
}

/// At most `most` bytes of the file: neither its size nor its end is trusted.
pub(super) fn bytes(path: &FilePath, most: u64) -> Result<Vec<u8>, Unreadable> {
    let file = File::open(path).map_err(Unreadable::Io)?;
    let metadata = file.metadata().map_err(Unreadable::Io)?;
    if metadata.is_dir() {
        return Err(Unreadable::Folder);
    }
    if metadata.len() > most {
        return Err(Unreadable::TooLarge);
    }
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes).map_err(Unreadable::Io)?;
    if u64::try_from(read).is_ok_and(|read| read <= most) {
        Ok(bytes)
    } else {
        Err(Unreadable::TooLarge)
    }
}

fn unreadable(path: &FilePath, label: &str, error: io::Error) -> Error {
    let refused = |why: &str| Error::new(Kind::Config, format!("could not read `{label}`: {why}"));
    match error.kind() {
        io::ErrorKind::NotFound => refused("there is no such file"),
        io::ErrorKind::NotADirectory => refused("a part of its path is a file and not a folder"),
        io::ErrorKind::PermissionDenied => refused("this user may not read it")
            .hint(format!("see who may: ls -l {}", shell_word(path))),
        io::ErrorKind::InvalidInput => refused("a path cannot hold a NUL character"),
        _ => Error::new(Kind::Config, format!("could not read `{label}`")).caused_by(error),
    }
}

/// A path as a word of a shell's command line.
fn shell_word(path: &FilePath) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        return text.into_owned();
    }
    format!("'{}'", super::quote::escape(&text).replace('\'', "'\\''"))
}

fn decoded(bytes: Vec<u8>, label: &str) -> Result<String, Error> {
    if let Some(encoding) = wide_encoding(&bytes) {
        let file = shell_word(FilePath::new(label));
        return Err(Error::new(
            Kind::Config,
            format!("{label}: the file is {encoding} and not UTF-8"),
        )
        .hint(format!("iconv -f {encoding} -t UTF-8 {file} > utf8.yaml")));
    }
    let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = String::from_utf8_lossy(bytes.get(..valid).unwrap_or_default());
        let wrong = bytes.get(valid).copied().unwrap_or_default();
        let place = Place::after(label, &before);
        Error::new(Kind::Config, format!("{place}: the byte 0x{wrong:02x} is not UTF-8"))
            .hint("save the file as UTF-8")
    })
}

/// The name of the encoding for `iconv`, if the text has two or four bytes a character.
fn wide_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [1..=0x7f, 0, 1..=0x7f, 0, ..] => Some("UTF-16LE"),
        [0, 1..=0x7f, 0, 1..=0x7f, ..] => Some("UTF-16BE"),
        _ => None,
    }
}

/// YAML allows no control characters; its parser says so without a place.
fn check_characters(text: &str, label: &str) -> Result<(), Error> {
    let forbidden = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}'))
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    let Some(at) = text.find(forbidden) else { return Ok(()) };
    let (before, rest) = text.split_at(at);
    let code = rest.chars().next().map_or(0, u32::from);
    let place = Place::after(label, before);
    let name = if code == 0 {
        "a NUL character".into()
    } else {
        format!("the control character U+{code:04X}")
    };
    Err(Error::new(Kind::Config, format!("{place}: {name} cannot be in the file")))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn message(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.yaml");
        fs::write(&path, bytes).unwrap();
        let error = read(&path, "c.yaml").unwrap_err();
        let hints = error.hints().join("; ");
        format!("{error}; {hints}").trim_end_matches("; ").to_owned()
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn what_is_no_file_of_ours_is_said_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &FilePath| read(path, "c.yaml").unwrap_err().to_string();
        assert_eq!(said(folder.path()), "could not read `c.yaml`: it is a folder");
        let none = folder.path().join("none");
        assert_eq!(said(&none), "could not read `c.yaml`: there is no such file");
        fs::write(&none, "").unwrap();
        let below = none.join("c.yaml");
        assert!(said(&below).ends_with("a part of its path is a file and not a folder"));
        assert!(said(FilePath::new("a\0b")).ends_with("a path cannot hold a NUL character"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_an_end_is_not_read_to_it() {
        let error = read(FilePath::new("/dev/zero"), "/dev/zero").unwrap_err();
        assert_eq!(error.to_string(), "could not read `/dev/zero`: it is larger than 1 MiB");
    }

    #[test]
    fn a_large_file_is_refused_by_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.yaml");
        File::create(&path).unwrap().set_len(100 << 30).unwrap();
        assert!(read(&path, "c.yaml").unwrap_err().to_string().ends_with("larger than 1 MiB"));
    }

    #[test]
    fn other_encodings_are_recognised_and_said() {
        let with_mark = [b"\xff\xfe".to_vec(), utf16("tenant: a")].concat();
        assert_eq!(
            message(&with_mark),
            "c.yaml: the file is UTF-16 and not UTF-8; iconv -f UTF-16 -t UTF-8 c.yaml > utf8.yaml"
        );
        assert!(message(&utf16("tenant: a")).contains("is UTF-16LE and not"));
        assert_eq!(
            message(b"# a\n# caf\xe9\n"),
            "c.yaml:2:6: the byte 0xe9 is not UTF-8; save the file as UTF-8"
        );
        assert_eq!(message(b"a: \0"), "c.yaml:1:4: a NUL character cannot be in the file");
        assert_eq!(
            message("é: \u{7}".as_bytes()),
            "c.yaml:1:4: the control character U+0007 cannot be in the file"
        );
    }

    #[test]
    fn a_byte_order_mark_of_utf8_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.yaml");
        fs::write(&path, b"\xef\xbb\xbftenant: a").unwrap();
        assert_eq!(read(&path, "c.yaml").unwrap(), "tenant: a");
    }
}

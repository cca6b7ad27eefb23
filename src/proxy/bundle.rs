//! One file of all authorities: the system's and the company's, for tools that can be told only all
//! or none.

use std::{
    collections::HashSet,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustls::pki_types::CertificateDer;

use super::authority;
use crate::error::{Error, Kind, Result};

/// Characters of a line, as PEM has it.
const LINE: usize = 64;

/// Writes the system's authorities and those of `ca_bundle` to a file, whole, for all to read, each
/// authority once. `ssl_cert_file` is what the variable of that name says.
pub fn write(path: &Path, ca_bundle: &Path, ssl_cert_file: Option<&Path>) -> Result<()> {
    let company = authority::of_bundle(ca_bundle)?;
    if same(path, ca_bundle) {
        let message = format!("--bundle {}: is the company's own bundle", path.display());
        return Err(Error::new(Kind::Config, message).hint("name another file to write to"));
    }
    // What was written before is named by that variable, and is not what the system has.
    let system = if ssl_cert_file.is_some_and(|named| same(named, path)) {
        authority::of_folders()
    } else {
        authority::of_system()
    };
    if system.is_empty() {
        let message = "could not find the authorities of this system";
        return Err(Error::new(Kind::Config, message)
            .hint("install them (the package ca-certificates), or name them: SSL_CERT_FILE"));
    }
    let text = pem(system.iter().chain(&company));
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    put(path, &text).map_err(|error| {
        let message = format!("could not write the CA bundle {}", path.display());
        Error::new(Kind::Config, message).caused_by(error)
    })
}

fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

fn pem<'a>(certificates: impl Iterator<Item = &'a CertificateDer<'static>>) -> String {
    let mut seen: HashSet<&[u8]> = HashSet::new();
    let mut text = String::new();
    for certificate in certificates {
        if !seen.insert(certificate.as_ref()) {
            continue;
        }
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = BASE64_STANDARD.encode(certificate);
        let mut rest = encoded.as_str();
        while let Some((line, more)) = rest.split_at_checked(LINE) {
            text.push_str(line);
            text.push('\n');
            rest = more;
        }
        if !rest.is_empty() {
            text.push_str(rest);
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let target: PathBuf = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".groundwork.")
        .suffix(".tmp")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|failure| failure.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_authority_is_written_once_in_lines_of_sixty_four() {
        let one = CertificateDer::from(vec![7; 100]);
        let other = CertificateDer::from(vec![8; 48]);
        let text = pem([&one, &other, &one].into_iter());
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
        assert!(text.lines().all(|line| line.len() <= LINE));
        assert_eq!(text.lines().count(), 2 + 3 + 2 + 1);
    }
}

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
use crate::{
    claude::variable as v,
    error::{Error, Kind, Result},
};

/// Characters of a line, as PEM has it.
const LINE: usize = 64;

/// How many links may lead to a file.
const LINKS: usize = 40;

/// Writes the system's authorities and those of `ca_bundle` to a file, whole, for all to read, each
/// authority once. `ssl_cert_file` is what the variable of that name says.
pub fn write(path: &Path, ca_bundle: &Path, ssl_cert_file: Option<&Path>) -> Result<()> {
    let company = authority::of_bundle(ca_bundle)?;
    if same(path, ca_bundle) {
        let message = format!("--bundle {}: is the company's own bundle", path.display());
        return Err(Error::new(Kind::Config, message).hint("name another file to write to"));
    }
    let unwritten = |error: io::Error| {
        let message = format!("could not write the CA bundle {}", path.display());
        Error::new(Kind::Config, message).caused_by(error)
    };
    let target = target(path).map_err(unwritten)?;
    let named = ssl_cert_file.filter(|named| !named.as_os_str().is_empty());
    let system = system(&company, named.is_some_and(|named| same(named, path)));
    if system.is_empty() {
        return Err(authority::none(named.map(|_| v::SSL_CERT_FILE.name)));
    }
    let all = [system, company].concat();
    // Who trusts this file alone would come to no public host.
    if !authority::has_public(&all) {
        let message = "there is no public authority among those of this system and of `ca_bundle`";
        let error = Error::new(Kind::Config, message);
        return Err(if named.is_some() {
            error.hint("SSL_CERT_FILE says what the system's are: unset SSL_CERT_FILE")
        } else {
            error.hint("install them (the package ca-certificates), or name them: SSL_CERT_FILE")
        });
    }
    let text = pem(all.iter());
    if fs::read_to_string(&target).is_ok_and(|there| there == text) {
        return Ok(());
    }
    put(&target, &text).map_err(unwritten)
}

/// The system's authorities. Where the environment names only the company's, as `groundwork proxy env`
/// has others told, or the file that was `written` before, they are those that lie where systems keep
/// them.
fn system(company: &[CertificateDer<'static>], written: bool) -> Vec<CertificateDer<'static>> {
    if written {
        return authority::of_folders();
    }
    let named = authority::of_system();
    let only = !named.is_empty() && named.iter().all(|it| company.contains(it));
    if only { authority::of_folders() } else { named }
}

fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

/// The file that is meant: at the end of all links, there or not, and nothing that is no file.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    for _ in 0..LINKS {
        // What is in the way of a look is in the way of writing, too, and is told then.
        let Ok(next) = fs::read_link(&path) else { return Ok(path) };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(io::Error::other("too many links lead to it"))
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

fn put(target: &Path, text: &str) -> io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Its name is the user's, the temporary file's is not.
    let about = |error: io::Error| {
        io::Error::new(error.kind(), format!("`{}`: {}", folder.display(), words(&error)))
    };
    fs::create_dir_all(folder).map_err(about)?;
    let mut file = tempfile::Builder::new()
        .prefix(".groundwork.")
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(about)?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(target).map_err(|failure| failure.error)?;
    Ok(())
}

/// An error of the system's in its own words.
fn words(error: &io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_to_a_file_that_is_not_there_yet_and_what_is_no_file_is_refused() {
        let folder = tempfile::TempDir::new().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("new/all.pem"));
        std::os::unix::fs::symlink("new/all.pem", &link).unwrap();
        let found = target(&link).unwrap();
        assert_eq!(found, file);
        put(&found, "text").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        for odd in [folder.path(), Path::new("/dev/null")] {
            assert_eq!(target(odd).unwrap_err().to_string(), "it is not a file");
        }
        let error = put(&file.join("all.pem"), "text").unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{}`: ", file.display())), "{error}");
        assert!(!error.contains(".groundwork."), "{error}");
    }

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

//! The file of a service account's key: written whole, readable by its owner alone, and touched
//! only where it is the key that is meant.

use std::{fs, io, io::Write as _, path::Path};

use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::error::{Error, Kind, Result};

/// What is at the path.
#[derive(Debug, PartialEq)]
pub(super) enum Held {
    Nothing,
    /// A key of our account, by its id.
    Ours(String),
    Foreign,
}

/// Of all that the file has, what is not secret.
#[derive(Deserialize)]
struct Shown {
    client_email: String,
    private_key_id: String,
}

pub(super) fn read(path: &Path, email: &str) -> Result<Held> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Held::Nothing),
        other => other.map_err(|error| failed("read", path, error))?,
    };
    // Why it is no key is not said: the reason would quote it.
    Ok(match serde_json::from_slice::<Shown>(&text) {
        Ok(shown) if shown.client_email == email => Held::Ours(shown.private_key_id),
        _ => Held::Foreign,
    })
}

pub(super) fn foreign(path: &Path) -> Error {
    let path = path.display();
    let message = format!("`{path}` is there, and is no key of our service account");
    Error::new(Kind::Conflict, message).hint("give the key another path in the configuration")
}

/// A file beside the one that is meant, readable by its owner alone. What cannot be written is so
/// found out before there is a key.
pub(super) fn fresh(path: &Path) -> Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let file = tempfile::Builder::new().prefix(".key.").suffix(".tmp").tempfile_in(folder);
    file.map_err(|error| {
        failed("write", path, error).hint(format!("see whether `{}` is there", folder.display()))
    })
}

/// Puts the key where it belongs, if what is there is still `old`, or nothing.
pub(super) fn place(
    mut file: NamedTempFile,
    path: &Path,
    text: &[u8],
    (email, old): (&str, Option<&str>),
) -> Result<()> {
    let written = file.write_all(text).and_then(|()| file.as_file().sync_all());
    written.map_err(|error| failed("write", path, error))?;
    let Some(old) = old else {
        return match file.persist_noclobber(path) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(foreign(path)),
            Err(error) => Err(failed("write", path, error.error)),
        };
    };
    if ![Held::Ours(old.to_owned()), Held::Nothing].contains(&read(path, email)?) {
        return Err(foreign(path));
    }
    file.persist(path).map(drop).map_err(|error| failed("write", path, error.error))
}

/// Removes the file, if it is that key.
pub(super) fn remove(path: &Path, email: &str, key: &str) -> Result<()> {
    if read(path, email)? != Held::Ours(key.to_owned()) {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path, error)),
        _ => Ok(()),
    }
}

/// Whether nobody else can read it; where that cannot be told, nobody can.
#[cfg(unix)]
pub(super) fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode().trailing_zeros() >= 6)
}

#[cfg(unix)]
pub(super) fn make_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let owners = fs::Permissions::from_mode(0o600);
    fs::set_permissions(path, owners).map_err(|error| failed("change", path, error))
}

#[cfg(not(unix))]
pub(super) fn is_private(_: &Path) -> bool {
    true
}

#[cfg(not(unix))]
pub(super) fn make_private(_: &Path) -> Result<()> {
    Ok(())
}

pub(super) fn failed(verb: &str, path: &Path, error: io::Error) -> Error {
    Error::new(Kind::Config, format!("could not {verb} `{}`", path.display())).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "c@p.iam.gserviceaccount.com";

    fn key(id: &str) -> Vec<u8> {
        let json = serde_json::json!({"client_email": OURS, "private_key_id": id});
        json.to_string().into_bytes()
    }

    #[test]
    fn a_key_is_written_whole_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        assert_eq!(read(&path, OURS).unwrap(), Held::Nothing);
        place(fresh(&path).unwrap(), &path, &key("1"), (OURS, None)).unwrap();
        assert_eq!(read(&path, OURS).unwrap(), Held::Ours("1".into()));
        assert!(is_private(&path));
        place(fresh(&path).unwrap(), &path, &key("2"), (OURS, Some("1"))).unwrap();
        assert_eq!(read(&path, OURS).unwrap(), Held::Ours("2".into()));
        remove(&path, OURS, "1").unwrap();
        assert!(path.exists());
        remove(&path, OURS, "2").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_not_the_key_that_is_meant_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        fs::write(&path, key("3")).unwrap();
        for old in [None, Some("1")] {
            let file = fresh(&path).unwrap();
            let error = place(file, &path, &key("4"), (OURS, old)).unwrap_err();
            assert_eq!(error.kind(), Kind::Conflict);
        }
        assert_eq!(read(&path, OURS).unwrap(), Held::Ours("3".into()));
        assert_eq!(read(&path, "other").unwrap(), Held::Foreign);
    }
}

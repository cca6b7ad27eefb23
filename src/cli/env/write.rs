//! A file with what Claude Code needs: for its owner alone, since there may be secrets in it, and
//! never half written.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::error::{Error, Kind, Result};

/// How many links may lead to a file.
const LINKS: usize = 40;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// Its owner alone.
    Owner,
    /// Who could before; of a new file its owner alone.
    Kept,
    /// Everybody.
    All,
}

/// Puts the text in the place of what the file holds, if it is there. A link stays one.
pub(super) fn whole(path: &Path, text: &str) -> Result<()> {
    checked(path, text, Rights::Owner, |_, _| Ok(()))
}

/// The same; `check` looks at the new file and the place of the old one just before they change
/// places, and may have a word against it.
pub(super) fn checked(
    path: &Path,
    text: &str,
    rights: Rights,
    check: impl FnOnce(&Path, &Path) -> Result<()>,
) -> Result<()> {
    let unwritten = |error: io::Error| unwritten(path, error);
    let target = target(path).map_err(unwritten)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    // For its owner alone, as the crate makes them.
    let mut file: NamedTempFile = tempfile::Builder::new()
        .prefix(".groundwork.")
        .suffix(".tmp")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(unwritten)?;
    file.write_all(text.as_bytes()).map_err(unwritten)?;
    allow(&file, &target, rights).map_err(unwritten)?;
    file.as_file().sync_all().map_err(unwritten)?;
    check(file.path(), &target)?;
    file.persist(&target).map_err(|failure| unwritten(failure.error))?;
    Ok(())
}

#[cfg(unix)]
fn allow(file: &NamedTempFile, target: &Path, rights: Rights) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let old = fs::metadata(target).ok();
    let mode = match (rights, &old) {
        (Rights::Owner, _) | (Rights::Kept, None) => 0o600,
        (Rights::Kept, Some(old)) => {
            // Written by root, it is still its owner's. Who is not root cannot give it away.
            drop(fchown(file.as_file(), Some(old.uid()), Some(old.gid())));
            old.mode() & 0o777
        }
        (Rights::All, _) => 0o644,
    };
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn allow(_: &NamedTempFile, _: &Path, _: Rights) -> io::Result<()> {
    Ok(())
}

/// Adds the text to the end of a file, which is made if it is not there.
pub(super) fn at_end(path: &Path, text: &str) -> Result<()> {
    let unwritten = |error: io::Error| unwritten(path, error);
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(unwritten)?;
    // What others wrote before may lack the end of its last line.
    let mut last = [b'\n'];
    if file.metadata().map_err(unwritten)?.len() > 0 {
        file.seek(io::SeekFrom::End(-1)).map_err(unwritten)?;
        file.read_exact(&mut last).map_err(unwritten)?;
    }
    let before = if last == [b'\n'] { "" } else { "\n" };
    file.write_all([before, text].concat().as_bytes()).map_err(unwritten)
}

/// The file that is meant: at the end of all links, there or not, and nothing that is no file.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => {
                let next = fs::read_link(&path)?;
                path = path.parent().unwrap_or(Path::new("")).join(next);
            }
            Ok(found) if !found.is_file() => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links lead to it"))
}

pub(super) fn unwritten(path: &Path, error: io::Error) -> Error {
    Error::new(Kind::Config, format!("could not write `{}`", path.display())).caused_by(error)
}

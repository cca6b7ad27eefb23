//! A file with what Claude Code needs: for its owner alone, since there may be secrets in it, and
//! never half written.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{
    cli::flags::quoted,
    error::{Error, Kind, Result},
};

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
    let folder = folder_of(&target);
    // For its owner alone, as the crate makes them.
    let mut file: NamedTempFile = tempfile::Builder::new()
        .prefix(".groundwork.")
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(unwritten)
        .map_err(|error| if folder.exists() { error } else { error.hint(make(folder)) })?;
    file.write_all(text.as_bytes()).map_err(unwritten)?;
    allow(&file, &target, rights).map_err(unwritten)?;
    file.as_file().sync_all().map_err(unwritten)?;
    check(file.path(), &target)?;
    file.persist(&target).map_err(|failure| unwritten(failure.error))?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn make(folder: &Path) -> String {
    format!("make the folder first: mkdir -p {}", quoted(&folder.display().to_string()))
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
    let target = target(path).map_err(unwritten)?;
    let mut file = options.open(target).map_err(unwritten)?;
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
///
/// What is replaced is found by name, so that the system's own guard against links that others lay
/// does not see it: it is kept here as Linux has it (`fs.protected_symlinks`).
pub(super) fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if is_of_process(&path) {
            return Err(no_file());
        }
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => {
                if is_laid_by_others(&path, &found)? {
                    let message = "a link leads to it, which another user laid in a folder that \
                                   everybody can write to";
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
                }
                let next = fs::read_link(&path)?;
                path = path.parent().unwrap_or(Path::new("")).join(next);
            }
            Ok(found) if !found.is_file() => return Err(no_file()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links lead to it"))
}

/// That something other than a file is there.
pub(super) fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")
}

/// Whether a path is that of an open file of a process, as `/dev/stdout` is. What a link there says
/// is the name of a file that somebody else is writing to.
fn is_of_process(path: &Path) -> bool {
    let folder = fs::canonicalize(folder_of(path)).unwrap_or_default();
    folder.starts_with("/proc") || folder == Path::new("/dev") || folder == Path::new("/dev/fd")
}

#[cfg(unix)]
fn is_laid_by_others(link: &Path, found: &fs::Metadata) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let folder = fs::metadata(folder_of(link))?;
    if folder.mode() & 0o002 == 0 || [0, folder.uid()].contains(&found.uid()) {
        return Ok(false);
    }
    // Whose files are made by this process.
    let own = tempfile::tempfile()?.metadata()?.uid();
    Ok(found.uid() != own)
}

#[cfg(not(unix))]
fn is_laid_by_others(_: &Path, _: &fs::Metadata) -> io::Result<bool> {
    Ok(false)
}

pub(super) fn unwritten(path: &Path, error: io::Error) -> Error {
    Error::new(Kind::Config, format!("could not write `{}`", shown(path))).caused_by(plain(error))
}

/// The system's own words. The crate for temporary files adds their names, which say nothing.
fn plain(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((system, _)) => io::Error::new(error.kind(), system),
        None => error,
    }
}

/// A path in one line, with nothing that a terminal would obey.
pub(super) fn shown(path: &Path) -> String {
    one_line(&path.display().to_string())
}

pub(super) fn one_line(text: &str) -> String {
    let escaped = |c: char| -> String {
        if c.is_control() { c.escape_default().collect() } else { c.into() }
    };
    text.chars().map(escaped).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_a_file_is_called() {
        assert_eq!(shown(Path::new("a\nb\u{1b}[31m é")), r"a\nb\u{1b}[31m é");
    }

    #[test]
    fn only_ones_own_link_is_followed_where_everybody_can_lay_one() {
        let folder = tempfile::TempDir::new().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        symlink("file", &link).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        whole(&link, "x").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "x");
        // Giving a link away is for root alone.
        let theirs = folder.path().join("theirs");
        symlink("file", &theirs).unwrap();
        if std::os::unix::fs::lchown(&theirs, Some(65534), None).is_err() {
            return;
        }
        for error in [whole(&theirs, "y").unwrap_err(), at_end(&theirs, "y").unwrap_err()] {
            assert!(error.causes().concat().contains("another user laid"), "{error:?}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "x");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        whole(&theirs, "y").unwrap();
    }
}

//! Writing the file whole or not at all.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use tempfile::NamedTempFile;

use crate::error::{Error, Kind, Result};

const MARK: &str = "\u{feff}";

/// Writes a file that must not be there yet.
pub(super) fn create(path: &Path, text: &str) -> Result<()> {
    let unwritten = |error: io::Error| unwritten(path, error);
    let temporary = temporary(path, text).map_err(unwritten)?;
    match temporary.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(failure) if failure.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(changed(path, "has come to be meanwhile"))
        }
        Err(failure) => Err(unwritten(failure.error)),
    }
}

/// Puts `new` in the place of `old`, if that is still what the file holds.
pub(super) fn replace(path: &Path, old: &str, new: &str) -> Result<()> {
    let unwritten = |error: io::Error| unwritten(path, error);
    // A link stays one.
    let path = fs::canonicalize(path).map_err(unwritten)?;
    let now = fs::read_to_string(&path).map_err(unwritten)?;
    let (mark, body) = now.strip_prefix(MARK).map_or(("", now.as_str()), |body| (MARK, body));
    if body != old {
        return Err(changed(&path, "was changed meanwhile"));
    }
    let temporary = temporary(&path, &[mark, new].concat()).map_err(unwritten)?;
    let permissions = fs::metadata(&path).map_err(unwritten)?.permissions();
    fs::set_permissions(temporary.path(), permissions).map_err(unwritten)?;
    temporary.persist(&path).map_err(|failure| unwritten(failure.error))?;
    Ok(())
}

fn temporary(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".groundwork.").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: the process's mask decides.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn unwritten(path: &Path, error: io::Error) -> Error {
    Error::new(Kind::Config, format!("could not write `{}`", path.display())).caused_by(error)
}

fn changed(path: &Path, how: &str) -> Error {
    Error::new(Kind::Config, format!("`{}` {how}: it was left alone", path.display()))
        .hint("run the same command again")
}

//! Whether files have changed: looked at now and then, since nothing tells it of files that a mount
//! replaces.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What tells one state of a file from another.
type Stamp = Option<(SystemTime, u64, u64)>;

/// Files, as they were when they were last looked at.
#[derive(Debug)]
pub struct Watch {
    files: Vec<(PathBuf, Stamp)>,
}

impl Watch {
    pub fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let stamped = |path: PathBuf| {
            let stamp = stamp(&path);
            (path, stamp)
        };
        Self { files: files.into_iter().map(stamped).collect() }
    }

    /// Looks at these from now on. One that was looked at already has changed if it is not as it was then.
    pub fn follow(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let before = std::mem::replace(self, Self::new(files));
        for (path, stamp) in &mut self.files {
            let known = before.files.iter().find(|(known, _)| known == path);
            *stamp = known.map_or(*stamp, |(_, known)| *known);
        }
    }

    /// Whether one of them has changed since this was asked last.
    pub fn changed(&mut self) -> bool {
        let mut changed = false;
        for (path, before) in &mut self.files {
            let now = stamp(path);
            changed |= now != *before;
            *before = now;
        }
        changed
    }
}

fn stamp(path: &Path) -> Stamp {
    let found = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let number = 0;
    Some((found.modified().ok()?, found.len(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_replaced_or_removed_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "1").unwrap();
        let mut watch = Watch::new([path.clone()]);
        assert!(!watch.changed());
        fs::write(&path, "22").unwrap();
        assert!(watch.changed());
        assert!(!watch.changed());
        fs::write(&other, "33").unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(watch.changed());
        fs::remove_file(&path).unwrap();
        assert!(watch.changed());
        assert!(!watch.changed());
    }

    #[test]
    fn what_changes_while_it_is_read_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "1").unwrap();
        fs::write(&other, "1").unwrap();
        let mut watch = Watch::new([path.clone()]);
        fs::write(&path, "22").unwrap();
        watch.follow([path, other.clone()]);
        assert!(watch.changed());
        fs::write(&other, "22").unwrap();
        assert!(watch.changed());
        watch.follow([]);
        fs::write(&other, "333").unwrap();
        assert!(!watch.changed());
    }
}

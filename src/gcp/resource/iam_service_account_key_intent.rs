//! What is written down beside the key's file before a key is asked for.
//!
//! The private half comes once. A run that is killed between that answer and the file leaves a key
//! that nobody can use, and that nobody would ever find among those which other machines have in
//! their files. So the intent says which keys there were, and when. A key is taken to be the lost
//! one only if it is the single new one that was made at that moment: whatever else has been made
//! since is another machine's. If in doubt, none is.

use std::{collections::BTreeSet, fs, io, io::Write as _, path::Path, path::PathBuf};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::iam_service_account_key_file::{failed, fresh};
use crate::error::Result;

/// So far Google's clock may be behind ours.
const BEFORE: Duration = Duration::seconds(60);
/// So much later a call that was sent may still make its key, clocks included.
const AFTER: Duration = Duration::seconds(120);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub(super) struct Intent {
    client_email: String,
    /// The ids of the keys that there were.
    keys: BTreeSet<String>,
    /// When the call was made.
    asked: String,
}

/// `key.json.intent`, beside the key's file.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".intent");
    path.with_file_name(name)
}

/// `None` if no run was cut off. One that cannot be read names no key, and so none is lost.
pub(super) fn read(path: &Path) -> Result<Option<Intent>> {
    let path = beside(path);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => {
            let text = other.map_err(|error| failed("read", &path, error))?;
            let nothing = || Intent {
                client_email: String::new(),
                keys: BTreeSet::new(),
                asked: String::new(),
            };
            Ok(Some(serde_json::from_slice(&text).unwrap_or_else(|_| nothing())))
        }
    }
}

/// Written whole, and for its owner alone.
pub(super) fn write(path: &Path, email: &str, keys: &BTreeSet<String>) -> Result<()> {
    let asked = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let intent = Intent { client_email: email.to_owned(), keys: keys.clone(), asked };
    let (path, mut file) = (beside(path), fresh(path)?);
    let text = serde_json::to_vec(&intent).unwrap_or_default();
    let written = file.write_all(&text).and_then(|()| file.as_file().sync_all());
    written.map_err(|error| failed("write", &path, error))?;
    file.persist(&path).map(drop).map_err(|error| failed("write", &path, error.error))
}

pub(super) fn forget(path: &Path) -> Result<()> {
    let path = beside(path);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", &path, error))
        }
        _ => Ok(()),
    }
}

impl Intent {
    /// Of `others`, the keys of the account that are not in the file, each with when it was made:
    /// the one that this intent has led to, and whose answer nobody has.
    pub(super) fn lost<'a>(
        &self,
        email: &str,
        others: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Option<&'a str> {
        let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        let asked = time(&self.asked).filter(|_| self.client_email == email)?;
        let then = |made: &str| {
            time(made).is_some_and(|made| {
                let later = made - asked;
                -BEFORE <= later && later <= AFTER
            })
        };
        let mut new = others.filter(|(id, made)| !self.keys.contains(*id) && then(made));
        let first = new.next()?;
        new.next().is_none().then_some(first.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "c@p.iam.gserviceaccount.com";
    const NOW: &str = "2026-11-25T12:00:00Z";

    fn intent() -> Intent {
        let keys = BTreeSet::from(["old".to_owned()]);
        Intent { client_email: OURS.into(), keys, asked: "2026-11-25T11:59:58.5Z".into() }
    }

    #[test]
    fn the_lost_key_is_the_only_one_that_was_made_then() {
        let found = |others: &[(&'static str, &'static str)]| {
            intent().lost(OURS, others.iter().copied()).map(ToOwned::to_owned)
        };
        assert_eq!(found(&[("old", NOW), ("new", NOW)]).as_deref(), Some("new"));
        assert_eq!(found(&[("old", NOW)]), None);
        assert_eq!(found(&[("new", NOW), ("another", NOW)]), None, "which, cannot be told");
        for elsewhen in ["2026-11-25T11:58:00Z", "2026-11-25T12:05:00Z", ""] {
            assert_eq!(found(&[("theirs", elsewhen)]), None, "{elsewhen}");
            assert_eq!(found(&[("theirs", elsewhen), ("new", NOW)]).as_deref(), Some("new"));
        }
        assert_eq!(intent().lost("other", [("new", NOW)].into_iter()), None);
    }

    #[test]
    fn an_intent_is_its_owners_alone_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        assert_eq!(read(&path).unwrap(), None);
        forget(&path).unwrap();
        write(&path, OURS, &intent().keys).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().keys, intent().keys);
        assert!(super::super::iam_service_account_key_file::is_private(&beside(&path)));
        fs::write(beside(&path), "no intent").unwrap();
        assert_eq!(read(&path).unwrap().unwrap().lost(OURS, [("new", NOW)].into_iter()), None);
        forget(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

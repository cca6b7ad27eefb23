//! The file that is begun or changed: found, shown as it would be, agreed to, written.

use std::path::PathBuf;

use super::{
    super::{flags::file_flag, interrupt, variable},
    Session, file,
};
use crate::{
    config::{self, Loaded, NotifyTarget, Shape},
    error::{Error, Kind, Result},
    ui::Exit,
};

/// A configuration before its answers.
pub(super) struct Draft<C> {
    pub found: Loaded<C>,
    /// Whether there is a file already.
    pub there: bool,
    /// Whether somebody is asked.
    pub asking: bool,
}

/// Whose addresses stand in a configuration, and are not to be shown.
type Notified<C> = fn(&C) -> Vec<&NotifyTarget>;

impl<C: Shape> Draft<C> {
    /// Reads the file, or begins one. From here on questions can be interrupted.
    pub(super) fn open(session: Session<'_>) -> Result<Self, Vec<Error>> {
        let Session { ui, .. } = session;
        let path = path::<C>(session);
        let there = path.symlink_metadata().is_ok();
        let found = if there { config::load(&path, &variable)? } else { config::new(&path)? };
        let asking = ui.can_ask() && !session.yes;
        if asking {
            interrupt::hold().map_err(|error| vec![error])?;
            let what = if there { "here already: its values are offered" } else { "new" };
            ui.note(&format!("{} is {what}", path.display()));
        }
        Ok(Self { found, there, asking })
    }

    /// Writes what is wished for. `warn` adds to its warnings what it takes more than the file to
    /// know.
    pub(super) fn close(
        &self,
        session: Session<'_>,
        (cloud, wished): (&str, &C),
        notified: Notified<C>,
        warn: impl FnOnce(&mut Loaded<C>),
    ) -> Result<Exit, Vec<Error>> {
        let mut new = config::rewritten(&self.found, wished, &variable)?;
        if !self.write(session, &new, notified)? {
            return Ok(Exit::Pending);
        }
        let Session { ui, global, .. } = session;
        warn(&mut new);
        for warning in &new.warnings {
            ui.warning(&warning.to_string(), warning.hint.as_deref());
        }
        ui.note(&format!("next: groundwork provision {cloud} --dry-run{}", file_flag(global)));
        Ok(Exit::Done)
    }

    /// Writes the file if there is anything to write and nobody minds; whether nobody did.
    fn write(
        &self,
        session: Session<'_>,
        new: &Loaded<C>,
        notified: Notified<C>,
    ) -> Result<bool, Vec<Error>> {
        let one = |error| vec![error];
        let Session { ui, yes, .. } = session;
        let (path, old) = (new.path.display(), &self.found);
        if !self.there {
            file::create(&new.path, new.text()).map_err(one)?;
            ui.note(&format!("wrote {path}"));
            return Ok(true);
        }
        if old.text() == new.text() {
            ui.note(&format!("{path} is as it should be: nothing to change"));
            return Ok(true);
        }
        let secrets: Vec<&NotifyTarget> =
            [old, new].into_iter().flat_map(|loaded| notified(&loaded.config)).collect();
        ui.difference(&shown(old.text(), &secrets), &shown(new.text(), &secrets));
        if !self.asking && !yes {
            let message = format!("{path} is there already, and nobody to ask about these changes");
            let error = Error::new(Kind::Config, message);
            return Err(vec![error.hint("make them without asking: --yes")]);
        }
        if self.asking && !ui.agree(&format!("change {path} like this?"), true).map_err(one)? {
            ui.note("nothing was written");
            return Ok(false);
        }
        file::replace(&new.path, old.text(), new.text()).map_err(one)?;
        ui.note(&format!("changed {path}"));
        Ok(true)
    }
}

/// The file that is meant: named, or found as every other command does, or to be made here.
fn path<C: Shape>(session: Session<'_>) -> PathBuf {
    let named = session.global.config.as_ref().filter(|path| !path.as_os_str().is_empty());
    let found = || config::find(&std::env::current_dir().ok()?, C::FILE_NAME);
    named.cloned().or_else(found).unwrap_or_else(|| C::FILE_NAME.into())
}

/// The text without the secrets that a webhook's address holds.
fn shown(text: &str, targets: &[&NotifyTarget]) -> String {
    targets.iter().fold(text.to_owned(), |text, target| match target {
        NotifyTarget::Https(url) => text.replace(url.as_str(), &target.to_string()),
        NotifyTarget::Email(_) => text,
    })
}

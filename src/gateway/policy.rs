//! What is decided before a request goes out: whether this person may ask this.
//!
//! A policy knows who asks and what, and nothing of what was typed. All of them must agree. The list of
//! models is made by asking for each of them, so that nobody is offered what is refused.

use std::{collections::HashMap, fmt};

use super::{caller::Caller, record::Record};

/// Decides whether somebody may ask this model. `request` is what is known of it so far: user, groups,
/// session, operation, length. `models` is the operation of who only looks what there is.
/// `Err`: why not, in words for the person who asked.
pub(super) trait Policy: fmt::Debug + Send + Sync {
    fn decide(&self, caller: &Caller, model: &str, request: &Record) -> Result<(), String>;
}

/// Who may use which model. One that is not named here is for everybody.
#[derive(Debug, Default)]
pub(super) struct ModelAccess(HashMap<String, Allowed>);

/// Whoever is in one of the groups, or has one of the roles.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowed {
    pub groups: Vec<String>,
    pub roles: Vec<String>,
}

impl ModelAccess {
    pub(super) fn new(models: impl IntoIterator<Item = (String, Allowed)>) -> Self {
        Self(models.into_iter().collect())
    }
}

impl Policy for ModelAccess {
    fn decide(&self, caller: &Caller, model: &str, _: &Record) -> Result<(), String> {
        let Some(Allowed { groups, roles }) = self.0.get(model) else { return Ok(()) };
        let allowed = caller.groups.iter().any(|group| groups.contains(group))
            || caller.role.as_ref().is_some_and(|role| roles.contains(role));
        if allowed { Ok(()) } else { Err(format!("`{model}` is not for you here")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_for_its_groups_and_roles_or_for_everybody() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let allowed = Allowed { groups: names(&["research"]), roles: names(&["lead"]) };
        let access = ModelAccess::new([("opus".into(), allowed)]);
        let may = |groups: &[&str], role: Option<&str>, model| {
            let caller = Caller {
                user: "ada".into(),
                groups: names(groups),
                role: role.map(ToOwned::to_owned),
                by: String::new(),
            };
            access.decide(&caller, model, &Record::default())
        };
        assert_eq!(may(&["eng", "research"], None, "opus"), Ok(()));
        assert_eq!(may(&[], Some("lead"), "opus"), Ok(()));
        assert_eq!(
            may(&["lead"], Some("research"), "opus"),
            Err("`opus` is not for you here".into())
        );
        assert_eq!(may(&[], None, "haiku"), Ok(()));
    }
}

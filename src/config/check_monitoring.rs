//! Whether what is counted and watched fits: application inference profiles, alarms, the budget.

use super::{
    check::Check,
    model_id::ModelForm,
    newtype::consists,
    path::Path,
    shape::{Config, InferenceProfile},
};

/// How many notifications AWS takes for a budget, less room for a person's own.
const MOST_SHARES: usize = 5;

impl Check<'_> {
    pub(super) fn inference_profiles(&mut self) {
        let Config { bedrock, .. } = self.config;
        let list = Path::of("bedrock.inference_profiles");
        for (index, profile) in bedrock.inference_profiles.iter().enumerate() {
            let path = list.clone().index(index);
            let InferenceProfile { name, model_id, tags, arn } = profile;
            if !is_profile_name(name) {
                let message = format!(
                    "`{path}.name` must be 1 to 40 letters, digits, hyphens and underscores, \
                     of which the first is a letter or a digit"
                );
                self.note(&path.clone().key("name"), message, "");
            }
            if matches!(model_id.form(), ModelForm::ApplicationProfileArn { .. }) {
                let message =
                    format!("`{path}.model_id` is itself an application inference profile");
                let hint = "name the model or the system inference profile behind it";
                self.note(&path.clone().key("model_id"), message, hint);
            }
            let is_application =
                |id: &super::ModelId| matches!(id.form(), ModelForm::ApplicationProfileArn { .. });
            if arn.as_ref().is_some_and(|arn| !is_application(arn)) {
                let message =
                    format!("`{path}.arn` must be the ARN of an application inference profile");
                let hint = "leave it out: `groundwork provision aws` prints it";
                self.note(&path.clone().key("arn"), message, hint);
            }
            self.tag_map(&path.key("tags"), tags);
        }
        let names = bedrock.inference_profiles.iter().map(|profile| profile.name.as_str());
        self.twice(&list, names);
    }

    pub(super) fn monitoring(&mut self) {
        let monitoring = &self.config.bedrock.monitoring;
        let path = || Path::of("bedrock.monitoring");
        let targets: Vec<String> =
            monitoring.notify.iter().map(super::NotifyTarget::address).collect();
        let mut sorted: Vec<_> = targets.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() < targets.len() {
            // Not by `twice`, which would print the secret of a webhook.
            let message = "`bedrock.monitoring.notify` names somebody twice";
            self.note(&path().key("notify"), message.into(), "");
        }
        let Some(budget) = &monitoring.budget else { return };
        let budget_path = path().key("budget");
        if monitoring.notify.is_empty() {
            let message = "`bedrock.monitoring.budget` has nobody to tell";
            let hint = "name somebody: `bedrock.monitoring.notify`";
            self.note(&budget_path, message.into(), hint);
        }
        let shares = budget.notify_percent.iter().map(|share| share.get().to_string());
        let shares: Vec<String> = shares.collect();
        let list = budget_path.key("notify_percent");
        if shares.is_empty() || shares.len() > MOST_SHARES {
            let message = format!("`{list}` must have 1 to {MOST_SHARES} shares");
            self.note(&list, message, "");
        }
        self.twice(&list, shares.iter().map(String::as_str));
    }
}

/// A name that fits Bedrock's rules and into the names of alarms.
fn is_profile_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    // Bedrock takes no two of its separators in a row, and none at the end.
    let single = |pair: &[u8]| pair.iter().any(u8::is_ascii_alphanumeric);
    consists(name, 1, 40, allowed)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.as_bytes().windows(2).all(single)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profiles_name_is_one_that_bedrock_takes() {
        for good in ["a", "team-a", "Team_B-2", &"a".repeat(40)] {
            assert!(is_profile_name(good), "{good}");
        }
        for bad in ["", "-a", "a--b", "a b", "a/b", "é", &"a".repeat(41)] {
            assert!(!is_profile_name(bad), "{bad}");
        }
    }
}

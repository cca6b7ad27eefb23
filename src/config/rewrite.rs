//! From a configuration to another one: which keys change, and the text in which they have.

use std::{fmt::Display, path::Path as FilePath};

use super::{
    Config, Loaded, Shape,
    edit::{Edit, Unclear, Written, edit},
    label, load_text,
    path::Skip,
    schema,
    shape::{Oidc, VpcConfig},
    shaped::Notes,
};
use crate::error::{Error, Kind};

/// A configuration that is not written yet: all defaults, explained.
pub fn new<C: Shape>(path: &FilePath) -> Result<Loaded<C>, Vec<Error>> {
    load_text(C::TEMPLATE.to_owned(), path, &|_| None)
}

/// The file as it must be for `wished` to be read from it. What is not changed stays byte for byte.
/// The result is read back, and anything else than what was wished for is an error.
pub fn rewritten<C: Shape>(
    loaded: &Loaded<C>,
    wished: &C,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded<C>, Vec<Error>> {
    let mut problems = Vec::new();
    wished.check(&mut Notes { skip: &Skip::default(), problems: &mut problems });
    let label = label(&loaded.path);
    if !problems.is_empty() {
        // The places of the old text would say nothing about the new one.
        let reader = super::Reader { text: "", label: &label, filled: &[], schema: schema::<C> };
        let unwritten =
            |error: Error| error.hint("as it would be with these answers; nothing was written");
        return Err(reader.errors(&problems).into_iter().map(unwritten).collect());
    }
    let refused = |key: Option<&str>| {
        let what = key.map_or("the file".into(), |key| format!("`{key}`"));
        let message = format!(
            "{label}: {what} is written in a way that cannot be changed without changing more"
        );
        vec![Error::new(Kind::Config, message).hint("change it by hand; nothing was written")]
    };
    let mut edits = Edits::default();
    loaded.config.edits(wished, &mut edits);
    let Edits(edits) = edits;
    let text = edit(&loaded.text, &edits).map_err(|Unclear { key }| refused(Some(key)))?;
    let one = match edits.as_slice() {
        [one] => Some(one.key),
        _ => None,
    };
    match load_text(text, &loaded.path, environment) {
        Ok(read) if read.config == *wished => Ok(read),
        _ => Err(refused(one)),
    }
}

/// The keys that `init aws` asks about, where they differ.
pub(super) fn edits(from: &Config, to: &Config, edits: &mut Edits) {
    let (a, b) = (&from.bedrock, &to.bedrock);
    edits.text("account_id", from.account_id.as_ref(), to.account_id.as_ref());
    edits.text("bedrock.region", a.region.as_ref(), b.region.as_ref());
    edits.text("bedrock.model_id", a.model_id.as_ref(), b.model_id.as_ref());
    let small = "bedrock.small_fast_model_id";
    edits.text(small, a.small_fast_model_id.as_ref(), b.small_fast_model_id.as_ref());
    edits.vpc(a.vpc_config.as_ref(), b.vpc_config.as_ref());
    let key = "bedrock.encryption.kms_key_id";
    edits.text(key, a.encryption.kms_key_id.as_ref(), b.encryption.kms_key_id.as_ref());
    if a.logging.retention_days != b.logging.retention_days {
        edits.number("bedrock.logging.retention_days", b.logging.retention_days.days());
    }
    let (old, new) = (&a.access.trusted_principals, &b.access.trusted_principals);
    edits.list("bedrock.access.trusted_principals", old, new);
    edits.oidc(a.access.oidc.as_ref(), b.access.oidc.as_ref());
    let full = |targets: &[super::NotifyTarget]| -> Vec<String> {
        targets.iter().map(super::NotifyTarget::written).collect()
    };
    let (old, new) = (full(&a.monitoring.notify), full(&b.monitoring.notify));
    edits.list("bedrock.monitoring.notify", &old, &new);
}

/// What changes in a file.
#[derive(Debug, Default)]
pub struct Edits(Vec<Edit>);

impl Edits {
    pub(super) fn number(&mut self, key: &'static str, to: i32) {
        self.0.push(Edit { key, value: Written::Number(to) });
    }

    pub(super) fn text<T: Display + PartialEq>(
        &mut self,
        key: &'static str,
        from: Option<&T>,
        to: Option<&T>,
    ) {
        if from != to {
            let value = to.map_or(Written::Nothing, |to| Written::Text(to.to_string()));
            self.0.push(Edit { key, value });
        }
    }

    pub(super) fn list<T: Display + PartialEq>(&mut self, key: &'static str, from: &[T], to: &[T]) {
        if from != to {
            let texts = |list: &[T]| list.iter().map(ToString::to_string).collect();
            self.0.push(Edit { key, value: Written::List { old: texts(from), new: texts(to) } });
        }
    }

    fn vpc(&mut self, from: Option<&VpcConfig>, to: Option<&VpcConfig>) {
        let Some(to) = to else { return };
        let nothing = VpcConfig::default();
        let from = from.unwrap_or(&nothing);
        self.list("bedrock.vpc_config.subnet_ids", &from.subnet_ids, &to.subnet_ids);
        let key = "bedrock.vpc_config.security_group_ids";
        self.list(key, &from.security_group_ids, &to.security_group_ids);
    }

    fn oidc(&mut self, from: Option<&Oidc>, to: Option<&Oidc>) {
        let Some(to) = to else {
            if from.is_some() {
                self.0.push(Edit { key: "bedrock.access.oidc", value: Written::Nothing });
            }
            return;
        };
        let nothing = Oidc::default();
        let from = from.unwrap_or(&nothing);
        self.text("bedrock.access.oidc.issuer", Some(&from.issuer), Some(&to.issuer));
        self.list("bedrock.access.oidc.client_ids", &from.client_ids, &to.client_ids);
        self.list("bedrock.access.oidc.subjects", &from.subjects, &to.subjects);
        self.list("bedrock.access.oidc.groups", &from.groups, &to.groups);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_all_defaults_and_explains_as_the_example_does() {
        let loaded: Loaded = new(FilePath::new("c.yaml")).unwrap();
        assert_eq!((loaded.config, loaded.warnings), (Config::default(), vec![]));
        let example = include_str!("../../examples/claude-config.yaml");
        let own: Vec<&str> =
            Config::TEMPLATE.lines().filter(|line| !example.contains(line)).collect();
        assert!(own.len() < 12, "what the example says should be said alike: {own:#?}");
    }

    #[test]
    fn every_answer_of_init_can_be_written_into_any_shape_of_file() {
        let mut wished = Config { account_id: "123456789012".parse().ok(), ..Config::default() };
        let bedrock = &mut wished.bedrock;
        bedrock.region = "us-east-1".parse().ok();
        bedrock.model_id = "us.anthropic.claude-opus-5".parse().ok();
        bedrock.vpc_config = Some(VpcConfig {
            subnet_ids: vec!["subnet-12345678".parse().unwrap()],
            security_group_ids: vec!["sg-12345678".parse().unwrap()],
            ..VpcConfig::default()
        });
        bedrock.encryption.kms_key_id = "alias/a".parse().ok();
        bedrock.logging.retention_days = "7".parse().unwrap();
        bedrock.access.trusted_principals = vec!["arn:aws:iam::123456789012:root".parse().unwrap()];
        bedrock.access.oidc = Some(Oidc {
            issuer: "https://idp.example.com".into(),
            client_ids: vec!["a b".into()],
            groups: vec!["Ärzte: 'x' #1".into(), "${A}".into(), "\"".into()],
            ..Oidc::default()
        });
        bedrock.monitoring.notify = vec!["https://h.example.com/?a=b&c={d}".parse().unwrap()];
        let example = include_str!("../../examples/claude-config.yaml");
        for text in ["", "bedrock:\n", "---\nbedrock: {}\n", Config::TEMPLATE, example] {
            let loaded: Loaded =
                load_text(text.into(), FilePath::new("c.yaml"), &|_| None).unwrap();
            let mut wished = wished.clone();
            wished.bedrock.max_tokens = loaded.config.bedrock.max_tokens;
            let there = rewritten(&loaded, &wished, &|_| None).unwrap();
            let mut back = loaded.config.clone();
            // An emptied mapping and none are not the same.
            back.bedrock.vpc_config = Some(VpcConfig::default());
            let back = rewritten(&there, &back, &|_| None).unwrap();
            assert_eq!(back.config.bedrock.access, loaded.config.bedrock.access);
        }
    }
}

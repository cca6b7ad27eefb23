//! What the one who provisions must be allowed: each kind says it beside its calls, and the whole
//! is one IAM policy.
//!
//! Objects whose names we choose are allowed by their ARNs, those whose ids AWS chooses by our mark
//! on them. No action is a pattern.

use serde_json::{Map, Value, json};

use super::{
    Aws, Identity, Mark,
    mark::{REGION, TENANT},
    orphan, policy,
};
use crate::reconcile::{Given, Graph, Phase, Ref, Resource};

/// The longest managed policy that IAM takes, in characters that are no white space.
pub const LONGEST_MANAGED_POLICY: usize = 6144;

/// Actions on resources, under a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Right {
    /// Names what it is for; a statement's `Sid` follows from it.
    pub purpose: &'static str,
    /// Which policies hold it.
    pub phases: &'static [Phase],
    pub actions: &'static [&'static str],
    pub resources: Vec<String>,
    pub condition: Value,
}

const ALWAYS: &[Phase] = &[Phase::Plan, Phase::Apply, Phase::Destroy];

impl Right {
    fn new(
        phases: &'static [Phase],
        purpose: &'static str,
        actions: &'static [&'static str],
    ) -> Self {
        Self { purpose, phases, actions, resources: vec!["*".into()], condition: Value::Null }
    }

    /// To look.
    pub fn plan(purpose: &'static str, actions: &'static [&'static str]) -> Self {
        Self::new(ALWAYS, purpose, actions)
    }

    /// To look for what was left behind, which only `status` does.
    pub fn search(purpose: &'static str, actions: &'static [&'static str]) -> Self {
        Self::new(&[Phase::Plan], purpose, actions)
    }

    /// To look, with actions that AWS does not narrow to a resource.
    pub fn look_up(actions: &'static [&'static str]) -> Self {
        Self::plan("LookUp", actions)
    }

    /// To make and to change.
    pub fn apply(purpose: &'static str, actions: &'static [&'static str]) -> Self {
        Self::new(&[Phase::Apply], purpose, actions)
    }

    /// To remove.
    pub fn destroy(purpose: &'static str, actions: &'static [&'static str]) -> Self {
        Self::new(&[Phase::Destroy], purpose, actions)
    }

    /// To remove, which making and changing takes, too: what lost a race, or is replaced.
    pub fn remove(purpose: &'static str, actions: &'static [&'static str]) -> Self {
        Self::new(&[Phase::Apply, Phase::Destroy], purpose, actions)
    }

    /// Only on these ARNs.
    #[must_use]
    pub fn on(mut self, arns: impl IntoIterator<Item = String>) -> Self {
        self.resources = arns.into_iter().collect();
        self.resources.sort_unstable();
        self.resources.dedup();
        self
    }

    /// Only under this condition; more than one must all hold.
    #[must_use]
    pub fn when(mut self, condition: Value) -> Self {
        let Value::Object(condition) = condition else { return self };
        let mut all = match self.condition {
            Value::Object(all) => all,
            _ => Map::new(),
        };
        for (operator, keys) in condition {
            let slot = all.entry(operator).or_insert_with(|| json!({}));
            if let (Some(slot), Value::Object(keys)) = (slot.as_object_mut(), keys) {
                slot.extend(keys);
            }
        }
        self.condition = Value::Object(all);
        self
    }

    /// The same where the object is not wanted: what removes it belongs to applying, and what makes
    /// it to nothing.
    fn of_unwanted(mut self) -> Option<Self> {
        if self.phases == [Phase::Destroy] {
            self.phases = &[Phase::Apply, Phase::Destroy];
        }
        (self.phases != [Phase::Apply]).then_some(self)
    }
}

/// Says what its calls need.
pub trait Entitled {
    fn rights(&self, site: &Site) -> Vec<Right>;
}

/// Where rights are needed, as ARNs name it.
#[derive(Clone, Debug)]
pub struct Site {
    pub partition: String,
    pub region: String,
    pub account: String,
    pub mark: Mark,
}

impl Site {
    pub fn new(identity: &Identity, mark: Mark) -> Self {
        Self {
            partition: identity.partition.clone(),
            region: mark.region.clone(),
            account: identity.account.clone(),
            mark,
        }
    }

    /// The ARN of a thing of the region: `sns`, `NAME`.
    pub fn arn(&self, service: &str, name: &str) -> String {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{name}")
    }

    /// The ARN of a thing that has no region: `iam`, `role/NAME`.
    pub fn global_arn(&self, service: &str, name: &str) -> String {
        let Self { partition, account, .. } = self;
        format!("arn:{partition}:{service}::{account}:{name}")
    }

    /// The ARN of a thing whose name is the world's: `s3`, `NAME`.
    pub fn worldwide_arn(&self, service: &str, name: &str) -> String {
        format!("arn:{}:{service}:::{name}", self.partition)
    }

    /// That the request sets our mark.
    pub fn given(&self) -> Value {
        self.marked("aws:RequestTag")
    }

    /// That the object has our mark.
    pub fn owned(&self) -> Value {
        self.marked("aws:ResourceTag")
    }

    fn marked(&self, key: &str) -> Value {
        let mut keys = Map::new();
        keys.insert(format!("{key}/{TENANT}"), self.mark.tenant.clone().into());
        keys.insert(format!("{key}/{REGION}"), self.mark.region.clone().into());
        json!({"StringEquals": keys})
    }
}

/// A graph in the making, with the rights that its resources take: none gets in without its own.
pub(super) struct Draft {
    graph: Graph<Aws>,
    rights: Rights,
    site: Site,
}

impl Draft {
    pub(super) fn new(site: Site) -> Self {
        let mut rights = Rights::default();
        rights.add(true, orphan::rights(&site));
        Self { graph: Graph::default(), rights, site }
    }

    pub(super) fn add<R>(&mut self, resource: R) -> Ref<R::Output>
    where
        R: Resource<Cloud = Aws> + Entitled,
    {
        self.add_if(true, resource)
    }

    pub(super) fn add_if<R>(&mut self, present: bool, resource: R) -> Ref<R::Output>
    where
        R: Resource<Cloud = Aws> + Entitled,
    {
        self.rights.add(present, resource.rights(&self.site));
        self.graph.add_if(present, resource)
    }

    pub(super) fn require<G>(&mut self, given: G) -> Ref<G::Output>
    where
        G: Given<Cloud = Aws> + Entitled,
    {
        self.rights.add(true, given.rights(&self.site));
        self.graph.require(given)
    }

    pub(super) fn finish(self) -> (Graph<Aws>, Rights) {
        (self.graph, self.rights)
    }
}

/// All rights that a configuration takes.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    all: Vec<Right>,
}

impl Rights {
    pub(super) fn add(&mut self, present: bool, rights: Vec<Right>) {
        let kept = rights
            .into_iter()
            .filter_map(|right| if present { Some(right) } else { right.of_unwanted() });
        self.all.extend(kept);
    }

    /// The policy for a phase.
    pub fn policy(&self, phase: Phase) -> Value {
        let mut merged: Vec<Statement> = Vec::new();
        for right in self.all.iter().filter(|right| right.phases.contains(&phase)) {
            let statement = Statement::from(right);
            if !merged.iter_mut().any(|other| other.widen(&statement)) {
                merged.push(statement);
            }
        }
        // Each resource by itself, with all that may be done to it; those with the same together.
        let mut single: Vec<Statement> = Vec::new();
        for statement in merged.iter().flat_map(Statement::split) {
            match single.iter_mut().find(|other| other.reaches_as_far_as(&statement)) {
                Some(other) => other.join(statement),
                None => single.push(statement),
            }
        }
        let mut statements: Vec<Statement> = Vec::new();
        for statement in single {
            if !statements.iter_mut().any(|other| other.reach_further(&statement)) {
                statements.push(statement);
            }
        }
        let mut taken: Vec<String> = Vec::new();
        let statements: Vec<Value> = statements
            .into_iter()
            .map(|statement| {
                let sid = unused(&statement.purpose, &taken);
                taken.push(sid.clone());
                statement.write(&sid)
            })
            .collect();
        policy::document(&statements)
    }
}

/// How long IAM finds a policy: it does not count white space.
pub fn length(policy: &Value) -> usize {
    policy.to_string().chars().filter(|char| !char.is_whitespace()).count()
}

#[derive(Clone)]
struct Statement {
    purpose: String,
    actions: Vec<&'static str>,
    resources: Vec<String>,
    condition: Value,
}

impl From<&Right> for Statement {
    fn from(right: &Right) -> Self {
        let mut actions = right.actions.to_vec();
        actions.sort_unstable();
        let everywhere = right.resources == ["*"] && right.condition.is_null();
        Self {
            purpose: if everywhere { "AccountWide" } else { right.purpose }.to_owned(),
            actions,
            resources: right.resources.clone(),
            condition: right.condition.clone(),
        }
    }
}

impl Statement {
    /// Takes the other's value of a condition, where this allows exactly what the two did.
    fn widen(&mut self, other: &Self) -> bool {
        if self.actions != other.actions || self.resources != other.resources {
            return false;
        }
        let both = either(&self.condition, &other.condition);
        both.map(|both| self.condition = both).is_some()
    }

    fn split(&self) -> impl Iterator<Item = Self> {
        let of = |resource: &String| Self { resources: vec![resource.clone()], ..self.clone() };
        self.resources.iter().map(of)
    }

    /// Takes the other's resources, if the same may be done to them.
    fn reach_further(&mut self, other: &Self) -> bool {
        let same = self.actions == other.actions && self.condition == other.condition;
        if same {
            self.purpose = shared(&self.purpose, &other.purpose);
            self.resources.extend(other.resources.iter().cloned());
            self.resources.sort_unstable();
            self.resources.dedup();
        }
        same
    }

    fn reaches_as_far_as(&self, other: &Self) -> bool {
        self.resources == other.resources && self.condition == other.condition
    }

    fn join(&mut self, other: Self) {
        self.purpose = shared(&self.purpose, &other.purpose);
        self.actions.extend(other.actions);
        self.actions.sort_unstable();
        self.actions.dedup();
    }

    fn write(self, sid: &str) -> Value {
        let Self { actions, resources, condition, .. } = self;
        let mut statement = json!({
            "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources,
        });
        if let Some(fields) = statement.as_object_mut().filter(|_| !condition.is_null()) {
            fields.insert("Condition".into(), condition);
        }
        statement
    }
}

/// The condition that holds where one of the two does, if they differ in one value only.
fn either(one: &Value, other: &Value) -> Option<Value> {
    let (Value::Object(ones), Value::Object(others)) = (one, other) else {
        let values = |value: &Value| match value {
            Value::Array(values) => Some(values.clone()),
            Value::String(_) => Some(vec![value.clone()]),
            _ => None,
        };
        let mut all = values(one)?;
        all.extend(values(other)?);
        all.sort_by_key(ToString::to_string);
        all.dedup();
        return Some(Value::Array(all));
    };
    if !ones.keys().eq(others.keys()) {
        return None;
    }
    let mut differing = ones.keys().filter(|key| ones.get(*key) != others.get(*key));
    let (key, None) = (differing.next()?, differing.next()) else { return None };
    let mut both = ones.clone();
    both.insert(key.clone(), either(ones.get(key)?, others.get(key)?)?);
    Some(Value::Object(both))
}

/// What two purposes have in common, in whole words: `BucketRead` and `BucketWrite` are `Bucket`.
fn shared(one: &str, other: &str) -> String {
    if one == other {
        return one.to_owned();
    }
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let is_end = |text: &str, at: usize| text.as_bytes().get(at).is_none_or(u8::is_ascii_uppercase);
    let end = (1..=same).rev().find(|at| is_end(one, *at) && is_end(other, *at));
    match end.and_then(|end| one.get(..end)) {
        Some(words) => words.to_owned(),
        None => format!("{one}{other}"),
    }
}

fn unused(purpose: &str, taken: &[String]) -> String {
    let free = |sid: &String| !taken.contains(sid);
    let numbered = (2..).map(|number| format!("{purpose}{number}"));
    std::iter::once(purpose.to_owned()).chain(numbered).find(free).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(purpose: &'static str, actions: &'static [&'static str], resource: &str) -> Right {
        Right::plan(purpose, actions).on([resource.to_owned()])
    }

    fn policy(all: Vec<Right>) -> Value {
        Rights { all }.policy(Phase::Plan)["Statement"].clone()
    }

    #[test]
    fn equal_statements_become_one() {
        let all = vec![right("ARead", &["s:R"], "a"), right("AWrite", &["s:W"], "a")];
        let one = json!([{"Sid": "A", "Effect": "Allow", "Action": ["s:R", "s:W"],
            "Resource": ["a"]}]);
        assert_eq!(policy(all), one);
    }

    #[test]
    fn resources_with_the_same_actions_become_one() {
        let all = vec![
            right("A", &["s:R"], "a"),
            right("A", &["s:R"], "b"),
            right("A", &["s:R"], "c"),
            right("AWrite", &["s:W"], "c"),
        ];
        let statements = policy(all);
        assert_eq!(statements[0]["Resource"], json!(["a", "b"]));
        assert_eq!(statements[1]["Action"], json!(["s:R", "s:W"]));
        assert_eq!(statements[1]["Sid"], "A2");
    }

    #[test]
    fn conditions_join_in_one_value_only() {
        let of = |a: &str, b: &str| json!({"StringEquals": {"a": a, "b": b}});
        let both = json!({"StringEquals": {"a": "1", "b": ["2", "3"]}});
        assert_eq!(either(&of("1", "2"), &of("1", "3")), Some(both));
        assert_eq!(either(&of("1", "2"), &of("2", "3")), None);
    }

    #[test]
    fn what_is_not_wanted_is_looked_at_and_removed() {
        let mut rights = Rights::default();
        let all = vec![
            right("P", &["s:Get"], "a"),
            Right::apply("A", &["s:Make"]).on(["a".to_owned()]),
            Right::destroy("D", &["s:Delete"]).on(["b".to_owned()]),
        ];
        rights.add(false, all);
        let sids = |phase| {
            let policy = rights.policy(phase);
            let all = policy["Statement"].as_array().cloned().unwrap_or_default();
            all.iter().filter_map(|it| it["Sid"].as_str()).collect::<String>()
        };
        assert_eq!(sids(Phase::Plan), "P");
        assert_eq!(sids(Phase::Apply), "PD");
    }
}

//! The permissions that provisioning takes, as a custom role. Each kind of resource says its own,
//! next to the calls that need them, so that the two change together; without it a kind does not
//! get into the graph.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Gcp;
use crate::reconcile::{Given, Graph, Phase, Ref, Resource};

/// What a kind's calls need, by what is done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Permissions {
    /// To look; in every phase.
    pub plan: &'static [&'static str],
    /// To make and to change.
    pub apply: &'static [&'static str],
    /// To remove.
    pub destroy: &'static [&'static str],
}

/// Says what its calls need.
pub trait Entitled {
    /// Whether it is nobody's question any more once it is not wanted.
    const ONLY_WANTED: bool = false;

    fn permissions(&self) -> Permissions;
}

/// A graph in the making, with the permissions that its resources take.
#[derive(Default)]
pub(super) struct Draft {
    graph: Graph<Gcp>,
    rights: Rights,
}

impl Draft {
    pub(super) fn add<R>(&mut self, resource: R) -> Ref<R::Output>
    where
        R: Resource<Cloud = Gcp> + Entitled,
    {
        self.add_if(true, resource)
    }

    pub(super) fn add_if<R>(&mut self, present: bool, resource: R) -> Ref<R::Output>
    where
        R: Resource<Cloud = Gcp> + Entitled,
    {
        self.rights.all.push(Taken {
            present,
            holds: R::HOLDS.is_some(),
            only_wanted: R::ONLY_WANTED,
            permissions: resource.permissions(),
        });
        self.graph.add_if(present, resource)
    }

    pub(super) fn require<G>(&mut self, given: G) -> Ref<G::Output>
    where
        G: Given<Cloud = Gcp> + Entitled,
    {
        self.rights.add(true, given.permissions());
        self.graph.require(given)
    }

    pub(super) fn finish(self) -> (Graph<Gcp>, Rights) {
        (self.graph, self.rights)
    }
}

/// All permissions that a configuration takes.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    all: Vec<Taken>,
    search: &'static [&'static str],
}

/// What one resource takes.
#[derive(Clone, Copy, Debug)]
struct Taken {
    present: bool,
    /// It holds data: only `destroy` removes it, and only if it is told to.
    holds: bool,
    only_wanted: bool,
    permissions: Permissions,
}

/// The sign-in itself, and that the project pays for a person's calls.
const ALWAYS: [&str; 2] = ["serviceusage.services.get", "serviceusage.services.use"];

impl Rights {
    pub(super) fn add(&mut self, present: bool, permissions: Permissions) {
        self.all.push(Taken { present, holds: false, only_wanted: false, permissions });
    }

    /// To look for what was left behind, which only `status` does.
    pub(super) fn search(&mut self, permissions: &'static [&'static str]) {
        self.search = permissions;
    }

    /// In order.
    pub fn permissions(&self, phase: Phase) -> BTreeSet<&'static str> {
        let mut all = BTreeSet::from(ALWAYS);
        if phase == Phase::Plan {
            all.extend(self.search);
        }
        for Taken { present, holds, only_wanted, permissions } in &self.all {
            let wanted = *present && phase != Phase::Destroy;
            if wanted || !only_wanted {
                all.extend(permissions.plan);
            }
            if phase == Phase::Apply && wanted {
                all.extend(permissions.apply);
            }
            // What is not wanted is removed by applying, unless it holds data.
            if phase == Phase::Destroy || (phase == Phase::Apply && !wanted && !holds) {
                all.extend(permissions.destroy);
            }
        }
        all
    }

    /// A custom role, as `gcloud iam roles create ID --file` reads it. Permissions on a billing
    /// account are not in it: no role of a project can hold them.
    pub fn role(&self, tenant: &str, phase: Phase) -> Value {
        let does = match phase {
            Phase::Plan => "looks at",
            Phase::Apply => "provisions",
            Phase::Destroy => "removes",
        };
        json!({
            "title": format!("Groundwork: {does} {tenant}"),
            "description": "What one run takes, and no more",
            "stage": "GA",
            "includedPermissions": self.of_project(phase),
        })
    }

    /// Those that a role of the project can hold.
    pub fn of_project(&self, phase: Phase) -> Vec<&'static str> {
        self.divided(phase).0
    }

    /// Those on a billing account.
    pub fn of_billing_account(&self, phase: Phase) -> Vec<&'static str> {
        self.divided(phase).1
    }

    fn divided(&self, phase: Phase) -> (Vec<&'static str>, Vec<&'static str>) {
        let all = self.permissions(phase).into_iter();
        all.partition(|permission| !permission.starts_with("billing."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Permissions =
        Permissions { plan: &["a.get"], apply: &["a.create"], destroy: &["billing.delete"] };

    #[test]
    fn what_is_not_wanted_is_looked_at_and_removed() {
        let of = |present, phase| {
            let mut rights = Rights::default();
            rights.add(present, ONE);
            rights
                .permissions(phase)
                .into_iter()
                .filter(|it| !ALWAYS.contains(it))
                .collect::<Vec<_>>()
        };
        assert_eq!(of(true, Phase::Apply), ["a.create", "a.get"]);
        assert_eq!(of(false, Phase::Apply), ["a.get", "billing.delete"]);
        assert_eq!(of(true, Phase::Destroy), ["a.get", "billing.delete"]);
        assert_eq!(of(true, Phase::Plan), ["a.get"]);
    }

    #[test]
    fn only_who_looks_may_search() {
        let mut rights = Rights::default();
        rights.search(&["a.list"]);
        for phase in [Phase::Plan, Phase::Apply, Phase::Destroy] {
            assert_eq!(rights.permissions(phase).contains("a.list"), phase == Phase::Plan);
        }
    }

    #[test]
    fn what_holds_data_and_what_is_asked_of_the_wanted_alone_take_less() {
        let of = |present, holds, only_wanted, phase| {
            let taken = Taken { present, holds, only_wanted, permissions: ONE };
            let all = Rights { all: vec![taken], search: &[] }.permissions(phase);
            all.into_iter().filter(|it| !ALWAYS.contains(it)).collect::<Vec<_>>()
        };
        assert_eq!(of(false, true, false, Phase::Apply), ["a.get"]);
        assert_eq!(of(false, true, false, Phase::Destroy), ["a.get", "billing.delete"]);
        assert_eq!(of(true, false, true, Phase::Plan), ["a.get"]);
        assert_eq!(of(true, false, true, Phase::Destroy), ["billing.delete"]);
    }

    #[test]
    fn what_is_on_the_billing_account_is_no_part_of_the_role() {
        let mut rights = Rights::default();
        rights.add(true, ONE);
        let role = rights.role("t", Phase::Destroy);
        assert_eq!(role["includedPermissions"], json!(["a.get", ALWAYS[0], ALWAYS[1]]));
        assert_eq!(rights.of_billing_account(Phase::Destroy), ["billing.delete"]);
    }
}

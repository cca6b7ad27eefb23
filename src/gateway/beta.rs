//! Betas, and the fields that they unlock: which of a request's go to a target.
//!
//! Both are open lists that change with every release of the client, and each cloud takes others. So
//! nothing is allowed by name: all of it goes on, but for what the configuration leaves out, what the
//! clouds have in common that they do not take, and what a target was seen to refuse.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use super::refusal::{Refusal, Unknown};

/// Fields that a beta unlocks, by how its name begins. With the beta left out the field would be
/// refused, and the other way round. A dot leads into an object.
const UNLOCKED: [(&str, &str); 7] = [
    ("context-management-", "context_management"),
    ("effort-", "output_config.effort"),
    ("fast-mode-", "speed"),
    ("mcp-client-", "mcp_servers"),
    ("request-tags-", "tags"),
    ("structured-outputs-", "output_format"),
    ("task-budgets-", "output_config.task_budget"),
];

/// Tags of requests are Anthropic's own, whoever asks for them and in whatever dialect.
const NO_CLOUDS: (&str, &str) = ("request-tags-*", "tags");

/// Vertex AI counts tokens with fewer betas than it answers with.
const NOT_COUNTED_BY_VERTEX: [&str; 2] = ["tool-search-tool-*", "web-search-*"];

/// What is said of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// By their names, or by how these begin, with a `*` behind it.
    pub betas: Vec<String>,
    pub fields: Vec<String>,
}

impl LeftOut {
    /// With what no cloud takes.
    pub(super) fn of_clouds() -> Self {
        let (beta, field) = NO_CLOUDS;
        Self { betas: vec![beta.into()], fields: vec![field.into()] }
    }

    /// With what Vertex AI does not count with.
    #[must_use]
    pub(super) fn and_not_counted_by_vertex(mut self) -> Self {
        self.betas.extend(NOT_COUNTED_BY_VERTEX.map(ToOwned::to_owned));
        self
    }

    fn has(&self, beta: &str) -> bool {
        let named = self.betas.iter().any(|left_out| match left_out.strip_suffix('*') {
            Some(beginning) => beta.starts_with(beginning),
            None => beta == left_out,
        });
        named || self.fields.iter().any(|field| unlocks(beta, field))
    }
}

fn unlocks(beta: &str, field: &str) -> bool {
    UNLOCKED.iter().any(|(begin, unlocked)| *unlocked == field && beta.starts_with(begin))
}

/// What was seen of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    accepted: BTreeSet<String>,
    refused: BTreeSet<String>,
    /// One of them was refused, and it was not said which.
    suspects: BTreeSet<String>,
}

/// The same, while requests go on.
#[derive(Debug, Default)]
pub(super) struct Learned(RwLock<Arc<Seen>>);

/// So many betas are remembered of each kind: their names are the clients' to choose.
const MOST: usize = 500;

impl Learned {
    fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        let mut seen = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = (**seen).clone();
        change(&mut changed);
        if changed.accepted.len().max(changed.refused.len()).max(changed.suspects.len()) <= MOST {
            *seen = Arc::new(changed);
        }
    }

    /// A request with these betas was answered.
    pub(super) fn accepted(&self, sent: &[String]) {
        let seen = self.seen();
        if sent.iter().all(|beta| seen.accepted.contains(beta)) {
            return;
        }
        self.change(|seen| {
            seen.suspects.retain(|suspect| !sent.contains(suspect));
            seen.accepted.extend(sent.iter().cloned());
        });
    }

    /// A request with these betas was refused. Whether leaving some out may do better.
    pub(super) fn refused(&self, refusal: &Refusal, sent: &[String]) -> bool {
        let Some(unknown) = refusal.unknown() else { return false };
        let named: Vec<&String> = match &unknown {
            Unknown::Betas(names) => sent.iter().filter(|beta| names.contains(beta)).collect(),
            Unknown::Field(field) => sent.iter().filter(|beta| unlocks(beta, field)).collect(),
            Unknown::SomeBeta => {
                let seen = self.seen();
                let new: Vec<_> =
                    sent.iter().filter(|beta| !seen.accepted.contains(*beta)).collect();
                // What was accepted before is no longer: any of them may be it.
                if new.is_empty() { sent.iter().collect() } else { new }
            }
        };
        let certain = named.len() == 1 || unknown != Unknown::SomeBeta;
        self.change(|seen| {
            for &beta in &named {
                seen.accepted.remove(beta);
                seen.suspects.remove(beta);
                let to = if certain { &mut seen.refused } else { &mut seen.suspects };
                to.insert(beta.clone());
            }
        });
        !named.is_empty()
    }
}

/// Which betas and fields of a request go to a target.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    said: &'a LeftOut,
    seen: Arc<Seen>,
    /// Whether a suspect may go, to see if it is the one: one in each request, until all are known.
    tries: bool,
}

impl<'a> Selection<'a> {
    pub(super) fn new(said: &'a LeftOut, learned: &Learned) -> Self {
        Self { said, seen: learned.seen(), tries: true }
    }

    /// For who was refused already.
    pub(super) fn careful(said: &'a LeftOut, learned: &Learned) -> Self {
        Self { tries: false, ..Self::new(said, learned) }
    }

    /// The betas that go, each once, and those that do not.
    pub(super) fn divide<'b>(
        &self,
        asked: impl Iterator<Item = &'b String>,
    ) -> (Vec<String>, Vec<String>) {
        let (mut go, mut stay): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let mut tries = self.tries;
        for beta in asked {
            if go.contains(beta) || stay.contains(beta) {
                continue;
            }
            let known = self.said.has(beta) || self.seen.refused.contains(beta);
            let suspect = self.seen.suspects.contains(beta);
            let goes = !known && (!suspect || std::mem::take(&mut tries));
            if goes { go.push(beta.clone()) } else { stay.push(beta.clone()) }
        }
        (go, stay)
    }

    /// The fields that do not go, where of the betas these go and those stay.
    pub(super) fn fields(&self, go: &[String], stay: &[String]) -> Vec<&str> {
        let locked = UNLOCKED.iter().map(|(_, field)| *field).filter(|field| {
            let unlocking = |betas: &[String]| betas.iter().any(|beta| unlocks(beta, field));
            let said = self.said.fields.iter().any(|said| said == field);
            !said && unlocking(stay) && !unlocking(go)
        });
        self.said.fields.iter().map(String::as_str).chain(locked).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(betas: &[&str]) -> Vec<String> {
        betas.iter().map(|&beta| beta.to_owned()).collect()
    }

    fn refusal(message: &str) -> Refusal {
        Refusal { kind: None, message: message.into() }
    }

    fn go(learned: &Learned, asked: &[&str]) -> Vec<String> {
        Selection::new(&LeftOut::default(), learned).divide(names(asked).iter()).0
    }

    #[test]
    fn betas_and_fields_are_left_out_together_whichever_is_said() {
        let learned = Learned::default();
        for said in [
            LeftOut { betas: names(&["context-*"]), fields: Vec::new() },
            LeftOut { betas: Vec::new(), fields: names(&["context_management"]) },
        ] {
            let selection = Selection::new(&said, &learned);
            let asked = names(&["a-1", "context-management-2025-06-27", "a-1"]);
            let (go, stay) = selection.divide(asked.iter());
            assert_eq!(
                (&go, &stay),
                (&names(&["a-1"]), &names(&["context-management-2025-06-27"]))
            );
            assert_eq!(selection.fields(&go, &stay), ["context_management"]);
        }
        let said = LeftOut { betas: names(&["effort-2"]), fields: Vec::new() };
        let selection = Selection::new(&said, &learned);
        let (go, stay) = selection.divide(names(&["effort-1", "effort-2"]).iter());
        assert_eq!(selection.fields(&go, &stay), [""; 0], "another version unlocks it");
    }

    #[test]
    fn what_is_refused_without_a_name_is_found_one_in_a_request() {
        let learned = Learned::default();
        let unnamed = refusal("invalid beta flag");
        let asked = ["a", "b", "bad", "c"];
        learned.accepted(&names(&["a"]));
        assert!(learned.refused(&unnamed, &names(&asked)));
        let said = LeftOut::default();
        let careful = Selection::careful(&said, &learned);
        assert_eq!(careful.divide(names(&asked).iter()).0, ["a"]);
        assert_eq!(go(&learned, &asked), ["a", "b"]);
        learned.accepted(&names(&["a", "b"]));
        assert_eq!(go(&learned, &asked), ["a", "b", "bad"]);
        assert!(learned.refused(&unnamed, &names(&["a", "b", "bad"])));
        assert_eq!(go(&learned, &asked), ["a", "b", "c"]);
        learned.accepted(&names(&["a", "b", "c"]));
        assert_eq!(go(&learned, &asked), ["a", "b", "c"]);
    }

    #[test]
    fn only_what_was_sent_is_learned_and_not_without_end() {
        let learned = Learned::default();
        let named = refusal("Unexpected value(s) `x-2025-01-01` for the `anthropic-beta` header");
        assert!(!learned.refused(&named, &names(&["a-2025-01-01"])));
        assert!(!learned.refused(&refusal("invalid beta flag"), &[]));
        let field = refusal("context_management: Extra inputs are not permitted");
        assert!(!learned.refused(&field, &names(&["a"])));
        assert!(learned.refused(&field, &names(&["a", "context-management-2025-06-27"])));
        assert_eq!(go(&learned, &["a", "context-management-2025-06-27"]), ["a"]);
        for number in 0..2 * MOST {
            learned.accepted(&[number.to_string()]);
        }
        assert_eq!(learned.seen().accepted.len(), MOST);
    }
}

//! A key of the service account, in a file: only for those who ask for it.
//!
//! A key does not expire, works from anywhere, and says nothing of who uses it. Google gives its
//! private half once, in the answer that makes it. So the file is prepared before that call, the
//! call is never repeated, and a key whose answer was lost is taken back: by the run itself or, if
//! that was killed, by the next one on this machine, which finds its intent. The private half is in no
//! state, no message and no type that can be printed.
//!
//! Keys that are in no file here may be in one elsewhere: they are told of, and deleted only by
//! one who says that there is no other ([`ServiceAccountKey::only`]), and only those that the plan
//! showed.

use std::{collections::BTreeSet, path::PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    iam_service_account::{ServiceAccountOutput, email},
    iam_service_account_key_file::{self as key_file, Held},
    iam_service_account_key_intent as intent,
};
use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::{Answered as _, Failure},
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

pub struct ServiceAccountKey {
    /// The account's id.
    pub name: String,
    /// Where the key is.
    pub path: PathBuf,
    /// Whether the account is to have no other key. Not for those who run this on several machines:
    /// each would delete the others'.
    pub only: bool,
    pub account: Ref<ServiceAccountOutput>,
}

#[derive(Serialize)]
pub struct State {
    /// Whether the file has a key that the account knows and that works.
    usable: bool,
    /// Whether nobody but its owner can read the file.
    private: bool,
    /// The ids of keys that are not in the file, where there are to be none, and of one that a run
    /// which was cut off has left.
    stray: BTreeSet<String>,
    /// Whether a run was cut off while it made a key.
    unfinished: bool,
    /// The id of the one in the file.
    #[serde(skip)]
    key: Option<String>,
}

#[derive(Clone, Debug)]
pub struct ServiceAccountKeyOutput {
    pub path: PathBuf,
    /// The ids of the account's keys that are not in the file.
    pub elsewhere: BTreeSet<String>,
}

/// As the list gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Listed {
    name: String,
    disabled: bool,
    valid_after_time: String,
    valid_before_time: String,
}

/// As it is made. Neither this nor [`Secret`] can be printed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    name: String,
    private_key_data: Secret,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Secret(String);

/// So many keys an account has at most.
const MOST: usize = 10;
/// With the default pace, two minutes: so long a new account may be unknown.
const TRIES: u32 = 19;

impl Listed {
    fn id(&self) -> &str {
        id(&self.name)
    }

    fn works(&self, now: OffsetDateTime) -> bool {
        // One that cannot be read is none that has passed.
        let end = OffsetDateTime::parse(&self.valid_before_time, &Rfc3339).ok();
        !self.disabled && end.is_none_or(|end| now < end)
    }
}

fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

impl ServiceAccountKey {
    fn email(&self, gcp: &Gcp) -> String {
        email(&self.name, &gcp.project.id)
    }

    fn keys(&self, gcp: &Gcp) -> String {
        format!("v1/projects/{}/serviceAccounts/{}/keys", gcp.project.id, self.email(gcp))
    }

    /// Those that can be in files. An account that is not there has none.
    async fn list(&self, gcp: &Gcp) -> Result<Vec<Listed>> {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Keys {
            keys: Vec<Listed>,
        }
        let list = gcp.rest.get("iam.projects.serviceAccounts.keys.list", self.keys(gcp));
        let keys = list.query("keyTypes", "USER_MANAGED").send().await;
        Ok(keys.absent()?.unwrap_or(Keys::default()).keys)
    }

    async fn list_ids(&self, gcp: &Gcp) -> Result<BTreeSet<String>> {
        Ok(self.list(gcp).await?.iter().map(|key| key.id().to_owned()).collect())
    }

    async fn remove(&self, gcp: &Gcp, id: &str) -> Result<()> {
        let call = "iam.projects.serviceAccounts.keys.delete";
        let delete = gcp.rest.delete(call, format!("{}/{id}", self.keys(gcp)));
        delete.send::<Value>().await.absent().map(drop)
    }

    /// Makes a key and puts it into the file, which has `old` or is not there. Gives the ids of the
    /// keys that were there before.
    async fn make(
        &self,
        context: &Context<'_, Gcp>,
        old: Option<&str>,
    ) -> Result<BTreeSet<String>> {
        let gcp = context.cloud;
        let file = key_file::fresh(&self.path)?;
        let before = self.list_ids(gcp).await?;
        if before.len() >= MOST {
            return Err(self.too_many(gcp));
        }
        let made = self.ask(context, &before).await?;
        let Ok(text) = BASE64_STANDARD.decode(made.private_key_data.0.as_bytes()) else {
            let message = "iam.projects.serviceAccounts.keys.create gave a key that is not base64";
            let error = Error::new(Kind::Cloud, message);
            return Err(self.take_back(gcp, id(&made.name), error).await);
        };
        let email = self.email(gcp);
        if let Err(error) = key_file::place(file, &self.path, &text, (&email, old)) {
            return Err(self.take_back(gcp, id(&made.name), error).await);
        }
        intent::forget(&self.path)?;
        Ok(before)
    }

    async fn ask(&self, context: &Context<'_, Gcp>, before: &BTreeSet<String>) -> Result<Made> {
        let (gcp, mut lost, mut unknown) = (context.cloud, false, 0);
        let call = "iam.projects.serviceAccounts.keys.create";
        let create = gcp.rest.post(call, self.keys(gcp)).once().json(json!({
            "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
            "keyAlgorithm": "KEY_ALG_RSA_2048",
        }));
        loop {
            intent::write(&self.path, &self.email(gcp), before)?;
            let failure = match create.send().await {
                Ok(made) => return Ok(made),
                Err(failure) => failure,
            };
            if failure.code_is(&[404]) && unknown < TRIES {
                context.pause("the account to be known", unknown).await?;
                unknown += 1;
            } else if failure.ambiguous() {
                context.pause("a key whose answer was lost to be seen", 0).await?;
                self.take_back_lost(gcp, before).await?;
                if lost {
                    return Err(failure.into_error());
                }
                lost = true;
            } else {
                // There is no key.
                intent::forget(&self.path)?;
                return Err(refused(failure));
            }
        }
    }

    /// The private half of a key whose answer was lost is nobody's. Of several that are new, it
    /// cannot be told which.
    async fn take_back_lost(&self, gcp: &Gcp, before: &BTreeSet<String>) -> Result<()> {
        let now = self.list_ids(gcp).await?;
        let mut new = now.difference(before);
        if let (Some(id), None) = (new.next(), new.next()) {
            self.remove(gcp, id).await?;
        }
        Ok(())
    }

    /// A key that could not be written down is of no use. Gives the error, with what is left to do.
    async fn take_back(&self, gcp: &Gcp, id: &str, error: Error) -> Error {
        match self.remove(gcp, id).await {
            Ok(()) => {
                // If it stays, it names a key that is no more.
                intent::forget(&self.path).ok();
                error
            }
            Err(_) => {
                error.hint(format!("delete the key that was made: {}", self.by_hand(gcp, id)))
            }
        }
    }

    fn by_hand(&self, gcp: &Gcp, id: &str) -> String {
        format!("gcloud iam service-accounts keys delete {id} --iam-account {}", self.email(gcp))
    }

    fn too_many(&self, gcp: &Gcp) -> Error {
        let email = self.email(gcp);
        Error::new(Kind::Conflict, format!("`{email}` has {MOST} keys, and cannot have more"))
            .hint(format!("see them: gcloud iam service-accounts keys list --iam-account {email}"))
            .hint(format!("delete one that nobody uses: {}", self.by_hand(gcp, "KEY")))
    }

    fn held(&self, gcp: &Gcp) -> Result<Held> {
        key_file::read(&self.path, &self.email(gcp))
    }
}

fn refused(failure: Failure) -> Error {
    let precondition = |it: &str| it == "FAILED_PRECONDITION";
    if !failure.refusal().is_some_and(|refusal| precondition(&refusal.status)) {
        return failure.into_error();
    }
    Error::new(Kind::Config, "the organization allows no keys of service accounts")
        .hint(
            "take the key out of the configuration, and use workload identity, or act as the \
             account: gcloud auth application-default login --impersonate-service-account",
        )
        .hint(
            "the policy: constraints/iam.disableServiceAccountKeyCreation, or its managed variant",
        )
        .caused_by(failure.into_error())
}

impl Entitled for ServiceAccountKey {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["iam.serviceAccountKeys.list"],
            apply: &["iam.serviceAccountKeys.create", "iam.serviceAccountKeys.delete"],
            destroy: &["iam.serviceAccountKeys.delete"],
        }
    }
}

impl Resource for ServiceAccountKey {
    type Cloud = Gcp;
    type State = State;
    type Output = ServiceAccountKeyOutput;
    const KIND: &'static str = "gcp.iam.service_account_key";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        // Not the services, which stay when all is removed: it would stay with them.
        vec![self.account.id()]
    }

    fn remark(&self, output: &ServiceAccountKeyOutput) -> Option<String> {
        let ids: Vec<_> = output.elsewhere.iter().map(String::as_str).collect();
        let told = !ids.is_empty() && !self.only;
        told.then(|| format!("the account has keys that are not in this file: {}", ids.join(", ")))
    }

    fn desired(&self, _: &Context<'_, Gcp>) -> Result<State> {
        Ok(State {
            usable: true,
            private: true,
            stray: BTreeSet::new(),
            unfinished: false,
            key: None,
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let listed = self.list(context.cloud).await?;
        let key = match self.held(context.cloud)? {
            Held::Ours(key) => Some(key),
            Held::Foreign if context.wanted() => return Err(key_file::foreign(&self.path)),
            Held::Foreign | Held::Nothing => None,
        };
        let now = OffsetDateTime::now_utc();
        let in_file = |it: &Listed| Some(it.id()) == key.as_deref();
        let usable = listed.iter().any(|it| in_file(it) && it.works(now));
        let others: Vec<_> = listed.iter().filter(|it| !in_file(it)).collect();
        let intent = intent::read(&self.path)?;
        let times = others.iter().map(|it| (it.id(), it.valid_after_time.as_str()));
        let lost = intent.as_ref().and_then(|it| it.lost(&self.email(context.cloud), times));
        let goes = |it: &&&Listed| self.only || Some(it.id()) == lost;
        let ids = |all: Vec<&&Listed>| all.iter().map(|it| it.id().to_owned()).collect();
        let (stray, rest) = others.iter().partition(goes);
        let (stray, elsewhere): (BTreeSet<_>, BTreeSet<_>) = (ids(stray), ids(rest));
        let unfinished = intent.is_some();
        let mut owner = Owner::Parent;
        if key.is_none() && stray.is_empty() && (context.wanted() || !unfinished) {
            let Some(first) = elsewhere.first().filter(|_| !context.wanted()) else {
                return Ok(None);
            };
            // They may be in use where we do not see it; but nobody is to believe that there are none.
            owner = Owner::Other(format!(
                "whoever has its file: the account still has {} keys; if nobody uses it: {}",
                elsewhere.len(),
                self.by_hand(context.cloud, first)
            ));
        }
        let private = key.is_none() || key_file::is_private(&self.path);
        Ok(Some(Observed {
            state: State { usable, private, stray, unfinished, key },
            output: ServiceAccountKeyOutput { path: self.path.clone(), elsewhere },
            owner,
        }))
    }

    async fn create(
        &self,
        context: &Context<'_, Gcp>,
        _: &State,
    ) -> Result<ServiceAccountKeyOutput> {
        let elsewhere = self.make(context, None).await?;
        Ok(ServiceAccountKeyOutput { path: self.path.clone(), elsewhere })
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        _: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let State { usable, private, stray, unfinished, key } = &have.state;
        // Before a new one is made, whose intent would take that of the lost one's place.
        for id in stray {
            self.remove(context.cloud, id).await?;
        }
        if *unfinished {
            intent::forget(&self.path)?;
        }
        if !usable {
            self.make(context, key.as_deref()).await?;
            // Disabled or expired, it was still ours.
            if let Some(old) = key {
                self.remove(context.cloud, old).await?;
            }
        } else if !private {
            key_file::make_private(&self.path)?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Gcp>, have: &Observed<Self>) -> Result<Deletion> {
        let State { stray, key, .. } = &have.state;
        for id in stray.iter().chain(key) {
            self.remove(context.cloud, id).await?;
        }
        if let Some(key) = key {
            key_file::remove(&self.path, &self.email(context.cloud), key)?;
        }
        intent::forget(&self.path)?;
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_works_until_it_is_disabled_or_its_time_has_passed() {
        let key = |disabled, until: &str| Listed {
            name: "projects/p/serviceAccounts/e/keys/0a".into(),
            disabled,
            valid_after_time: String::new(),
            valid_before_time: until.into(),
        };
        let now = OffsetDateTime::parse("2026-11-25T12:00:00Z", &Rfc3339).unwrap();
        assert!(key(false, "9999-12-31T23:59:59Z").works(now));
        assert!(key(false, "").works(now));
        assert!(!key(true, "9999-12-31T23:59:59Z").works(now));
        assert!(!key(false, "2026-11-25T11:59:59Z").works(now));
        assert_eq!(key(false, "").id(), "0a");
    }

    #[test]
    fn an_organization_that_forbids_keys_is_a_matter_of_the_configuration() {
        let refusal = |status: &str| {
            let body = json!({"error": {"code": 400, "status": status, "message": "no"}});
            let read = crate::gcp::error::Refusal::read;
            refused(Failure::Refused(read("x", 400, body.to_string().as_bytes())))
        };
        let error = refusal("FAILED_PRECONDITION");
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.hints().concat().contains("workload identity"));
        assert_eq!(refusal("INVALID_ARGUMENT").kind(), Kind::Cloud);
    }
}

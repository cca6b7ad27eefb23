//! The name of a key of Cloud KMS.

use super::{location::is_region, network::part, project::is_project};
use crate::config::newtype::{Invalid, consists, newtype};

const KEY: &str = "a key of Cloud KMS: `projects/P/locations/L/keyRings/R/cryptoKeys/K`";

newtype! {
    /// A key of Cloud KMS.
    KmsKeyName,
    must: KEY,
    check: check,
    pattern: "^projects/[^/]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]{1,63}/cryptoKeys/\
              [A-Za-z0-9_-]{1,63}$"
}

impl KmsKeyName {
    pub fn project(&self) -> &str {
        part(&self.0, "projects")
    }

    /// A region, or a multi-region such as `us` or `europe`.
    pub fn location(&self) -> &str {
        part(&self.0, "locations")
    }

    pub fn key_ring(&self) -> &str {
        part(&self.0, "keyRings")
    }

    pub fn key(&self) -> &str {
        part(&self.0, "cryptoKeys")
    }
}

fn is_key(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let ["projects", project, "locations", location, "keyRings", ring, "cryptoKeys", key] =
        parts.as_slice()
    else {
        return false;
    };
    let is_name = |name: &str| {
        consists(name, 1, 63, |byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    let is_location =
        is_region(location) || consists(location, 2, 20, |b| b.is_ascii_alphanumeric());
    is_project(project) && is_location && is_name(ring) && is_name(key)
}

fn check(text: &str) -> Result<(), Invalid> {
    if is_key(text) {
        return Ok(());
    }
    let invalid = Invalid::new(KEY);
    let name = text.find("projects/").and_then(|at| text.get(at..)).unwrap_or(text);
    let key = name.split("/cryptoKeyVersions/").next().unwrap_or(name);
    Err(match () {
        () if is_key(key) && name.contains("/cryptoKeyVersions/") => {
            invalid.why("it is a version of a key").did_you_mean(key)
        }
        () if is_key(key) => invalid.did_you_mean(key),
        () if text.starts_with("arn:") => invalid.why("it is a key of AWS"),
        () => invalid.hint("see which there are: gcloud kms keys list --keyring R --location L"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str =
        "projects/your-project-id/locations/us-central1/keyRings/claude-code/cryptoKeys/vertex-ai";

    #[test]
    fn a_key_is_named_in_whole() {
        let key: KmsKeyName = NAME.parse().unwrap();
        assert_eq!(
            [key.project(), key.location(), key.key_ring(), key.key()],
            ["your-project-id", "us-central1", "claude-code", "vertex-ai"]
        );
        "projects/my-project/locations/us/keyRings/a/cryptoKeys/b".parse::<KmsKeyName>().unwrap();
        let hint = |text: &str| text.parse::<KmsKeyName>().unwrap_err().hint.unwrap();
        let wanted = format!("did you mean `{NAME}`?");
        assert_eq!(hint(&format!("{NAME}/cryptoKeyVersions/1")), wanted);
        assert_eq!(hint(&format!("//cloudkms.googleapis.com/{NAME}")), wanted);
        for bad in ["", "vertex-ai", &format!("{NAME}/x"), "arn:aws:kms:us-east-1:1:key/x"] {
            bad.parse::<KmsKeyName>().unwrap_err();
        }
    }
}

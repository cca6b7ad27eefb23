//! The names of Vertex AI: the hosts of its locations, and models without their versions.

/// The host for a location: everywhere, a multi-region or a region.
pub(super) fn host(location: &str) -> String {
    match location {
        "global" => "aiplatform.googleapis.com".into(),
        "us" | "eu" => format!("aiplatform.{location}.rep.googleapis.com"),
        region => format!("{region}-aiplatform.googleapis.com"),
    }
}

/// A model's id without its version.
pub(super) fn unversioned(model: &str) -> &str {
    model.split('@').next().unwrap_or(model)
}

/// Model and location of what is named `MODEL@LOCATION`; the model may have a version.
pub(super) fn model_and_location(name: &str) -> (&str, &str) {
    name.rsplit_once('@').unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_location_has_its_host() {
        assert_eq!(host("global"), "aiplatform.googleapis.com");
        assert_eq!(host("eu"), "aiplatform.eu.rep.googleapis.com");
        assert_eq!(host("us-east5"), "us-east5-aiplatform.googleapis.com");
    }

    #[test]
    fn a_version_is_not_taken_for_a_location() {
        let (model, location) = model_and_location("claude-a@20250101@us-east5");
        assert_eq!((model, location), ("claude-a@20250101", "us-east5"));
        assert_eq!(unversioned(model), "claude-a");
    }
}

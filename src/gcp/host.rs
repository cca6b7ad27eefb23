//! The hosts that a tenant in Google Cloud needs, for the probe of the network.

use super::{vertex::host, wanted::services};
use crate::{
    claude::vertex,
    config::{VertexConfig, VertexLocation},
    proxy::check::{Purpose, Target},
};

/// What is called, by developers and by us.
pub fn hosts(config: &VertexConfig, location: &VertexLocation) -> Vec<Target> {
    let (models, _) = vertex::resolve(config, location);
    let called = models.iter().map(|called| host(called.location.as_str()));
    let mut all: Vec<Target> = called.map(|it| Target::https(it, Purpose::Claude)).collect();
    all.push(Target::https("oauth2.googleapis.com", Purpose::SignIn));
    if config.vertex_ai.workload_identity_federation.is_some() {
        let further = ["sts.googleapis.com", "iamcredentials.googleapis.com"];
        all.extend(further.map(|it| Target::https(it, Purpose::SignIn)));
    }
    // What an API is switched on by, and what tells its quota.
    let ours = ["serviceusage.googleapis.com", "cloudquotas.googleapis.com"];
    let ours = services(config).into_iter().chain(ours);
    all.extend(ours.map(|it| Target::https(it, Purpose::Provision)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_location_of_a_model_has_its_host() {
        let mut config = VertexConfig::default();
        config.vertex_ai.small_fast_model_name = "claude-haiku-4-5@20251001".parse().unwrap();
        let all = hosts(&config, &"us-east5".parse().unwrap());
        let claude = all.iter().filter(|it| it.purpose == Purpose::Claude);
        let claude: Vec<&str> = claude.map(|it| it.host.as_str()).collect();
        assert!(claude.contains(&"aiplatform.us.rep.googleapis.com"), "{claude:?}");
        assert!(claude.contains(&"us-east5-aiplatform.googleapis.com"), "{claude:?}");
        assert!(all.iter().any(|it| it.host == "serviceusage.googleapis.com"));
    }
}

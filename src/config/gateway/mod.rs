//! `gateway.yaml`: who may call the gateway, and where it calls models.

mod check;
mod shape;
mod value;

pub(super) use self::check::{check, warn};
pub use self::{
    shape::{
        AccessLog, AnthropicUpstream, BedrockUpstream, Claims, Failover, GatewayAccess,
        GatewayConfig, GatewayKey, Issuer, Limits, Listen, Model, Operations, Target, Tls,
        Upstream, VertexUpstream,
    },
    value::{
        Algorithm, BedrockInterface, CredentialHeader, KeyHash, ListenAddress, Order, Secret,
        ServiceUrl, UpstreamName,
    },
};

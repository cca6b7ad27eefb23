//! `gateway.yaml`: who may call the gateway, where it calls models, and what developers are told.

mod check;
mod client;
mod shape;
mod value;

pub(super) use self::{
    check::{check, warn},
    client::{check as check_client, warn as warn_client},
};
pub use self::{
    client::{
        ClientConfig, ClientDialect, GatewayClient, is_developers, load_client, load_gateway,
    },
    shape::{
        AccessLog, AnthropicUpstream, BedrockUpstream, Claims, Failover, GatewayAccess,
        GatewayConfig, GatewayKey, Issuer, LeaveOut, Limits, Listen, Model, ModelAccess,
        Operations, Target, Tls, Upstream, VertexUpstream,
    },
    value::{
        Algorithm, BedrockInterface, BetaName, CredentialHeader, FieldName, KeyHash, ListenAddress,
        Order, Secret, ServiceUrl, UpstreamName,
    },
};

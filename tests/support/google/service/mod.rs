//! The services: each registers its methods by the ids of the discovery documents.

pub mod aiplatform;
mod bigquery;
mod cloudkms;
mod billingbudgets;
mod cloudbilling;
mod cloudresourcemanager;
pub mod compute;
mod dns;
mod iam;
mod cmek;
mod iamcredentials;
mod logging;
mod quota;
mod monitoring;
mod orgpolicy;
mod serviceusage;
mod storage;

use std::{collections::HashMap, sync::OnceLock};

use super::{call::Method, world::World};

const ALL: &[&[Method]] = &[
    cloudresourcemanager::METHODS,
    iam::accounts::METHODS,
    iam::federation::POOL_METHODS,
    iam::federation::PROVIDER_METHODS,
    iam::keys::METHODS,
    iam::roles::METHODS,
    iamcredentials::METHODS,
    serviceusage::METHODS,
    billingbudgets::METHODS,
    cloudbilling::METHODS,
    compute::METHODS,
    compute::address::METHODS,
    compute::rule::METHODS,
    dns::METHODS,
    dns::record::METHODS,
    monitoring::METHODS,
    monitoring::policy::METHODS,
    orgpolicy::METHODS,
];

/// All that are registered.
pub fn all() -> impl Iterator<Item = &'static Method> {
    ALL.iter().copied().flatten()
}
    aiplatform::METHODS,
    bigquery::METHODS,
    cloudkms::METHODS,
    cloudresourcemanager::METHODS,
    iamcredentials::METHODS,
    logging::METHODS,
    quota::METHODS,
    serviceusage::METHODS,
    storage::METHODS,
];

/// The implementation of a documented method.
pub fn find(id: &str) -> Option<&'static Method> {
    static METHODS: OnceLock<HashMap<&'static str, &'static Method>> = OnceLock::new();
    let methods = METHODS.get_or_init(|| all().map(|method| (method.id, method)).collect());
    methods.get(id).copied()
}

/// What a new project has before anyone made anything.
pub fn prepare(world: &mut World) {
    compute::prepare(world);
    cloudbilling::prepare(world);
}

//! The services: each registers its methods by the ids of the discovery documents.

pub mod aiplatform;
mod bigquery;
mod billingbudgets;
mod cloudbilling;
mod cloudkms;
mod cloudresourcemanager;
mod cmek;
pub mod compute;
mod dns;
mod iam;
mod iamcredentials;
mod logging;
mod monitoring;
mod orgpolicy;
mod quota;
mod serviceusage;
mod storage;

use std::{collections::HashMap, sync::OnceLock};

use super::{call::Method, world::World};

const ALL: &[&[Method]] = &[
    aiplatform::METHODS,
    bigquery::METHODS,
    billingbudgets::METHODS,
    cloudbilling::METHODS,
    cloudkms::METHODS,
    cloudresourcemanager::METHODS,
    compute::METHODS,
    compute::address::METHODS,
    compute::rule::METHODS,
    dns::METHODS,
    dns::record::METHODS,
    iam::accounts::METHODS,
    iam::federation::POOL_METHODS,
    iam::federation::PROVIDER_METHODS,
    iam::keys::METHODS,
    iam::roles::METHODS,
    iamcredentials::METHODS,
    logging::METHODS,
    monitoring::METHODS,
    monitoring::policy::METHODS,
    orgpolicy::METHODS,
    quota::METHODS,
    serviceusage::METHODS,
    storage::METHODS,
];

/// All that are registered.
pub fn all() -> impl Iterator<Item = &'static Method> {
    ALL.iter().copied().flatten()
}

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

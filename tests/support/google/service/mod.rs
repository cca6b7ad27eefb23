//! The services: each registers its methods by the ids of the discovery documents.

pub mod aiplatform;
mod bigquery;
mod cloudkms;
mod cloudresourcemanager;
mod iam;
mod cmek;
mod iamcredentials;
mod logging;
mod quota;
mod serviceusage;
mod storage;

use std::{collections::HashMap, sync::OnceLock};

use super::call::Method;

const ALL: &[&[Method]] = &[
    cloudresourcemanager::METHODS,
    iam::accounts::METHODS,
    iam::federation::POOL_METHODS,
    iam::federation::PROVIDER_METHODS,
    iam::keys::METHODS,
    iam::roles::METHODS,
    iamcredentials::METHODS,
    serviceusage::METHODS,
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

//! The services: each registers its methods by the ids of the discovery documents.

mod cloudresourcemanager;
mod iam;
mod iamcredentials;
mod serviceusage;

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

/// The implementation of a documented method.
pub fn find(id: &str) -> Option<&'static Method> {
    static METHODS: OnceLock<HashMap<&'static str, &'static Method>> = OnceLock::new();
    let methods = METHODS.get_or_init(|| all().map(|method| (method.id, method)).collect());
    methods.get(id).copied()
}

//! The services: each registers its methods by the ids of the discovery documents.

pub mod aiplatform;
mod bigquery;
mod cloudkms;
mod cloudresourcemanager;
mod cmek;
mod iamcredentials;
mod logging;
mod quota;
mod serviceusage;
mod storage;

use std::{collections::HashMap, sync::OnceLock};

use super::call::Method;

const ALL: &[&[Method]] = &[
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
    let methods = METHODS
        .get_or_init(|| ALL.iter().copied().flatten().map(|method| (method.id, method)).collect());
    methods.get(id).copied()
}

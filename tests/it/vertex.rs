//! A tenant on Vertex AI, from nothing to everything and back.

use crate::support::{
    tenant::said,
    vertex::{EVERYTHING, SMALL, Tenant, network},
};

#[tokio::test]
async fn a_small_tenant_lives_and_dies() {
    let tenant = Tenant::new(SMALL, 1);
    let first = tenant.provision().await;
    assert!(first.complete() && first.changed() > 10, "{}", said(&first));
    tenant.google.reset();
    let second = tenant.provision().await;
    assert_eq!(second.changed(), 0, "{}", said(&second));
    assert_eq!(tenant.google.count().1, 0);
    let gone = tenant.destroy().await;
    assert!(gone.complete(), "{}", said(&gone));
    let again = tenant.destroy().await;
    assert_eq!(again.changed(), 0, "{}", said(&again));
    let back = tenant.provision().await;
    assert!(back.complete(), "{}", said(&back));
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn a_tenant_with_everything_lives_and_dies() {
    let tenant = Tenant::new(EVERYTHING, 1);
    network(&tenant.google);
    let first = tenant.provision().await;
    assert!(first.complete() && first.changed() > 25, "{}", said(&first));
    tenant.google.reset();
    let second = tenant.provision().await;
    assert_eq!(second.changed(), 0, "{}", said(&second));
    assert_eq!(tenant.google.count().1, 0);
    let gone = tenant.destroy().await;
    assert!(gone.complete(), "{}", said(&gone));
    let again = tenant.destroy().await;
    assert_eq!(again.changed(), 0, "{}", said(&again));
    let back = tenant.provision().await;
    assert!(back.complete(), "{}", said(&back));
    assert_eq!(tenant.google.violations(), [""; 0]);
}

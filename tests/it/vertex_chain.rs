//! How many calls wait for each other: that, and no clock, says how long a run takes.

use std::time::Duration;

use crate::support::{
    tenant::said,
    vertex::{EVERYTHING, SMALL, Tenant, network},
};

/// A call may need what up to so many before it gave, where nothing is to be done.
const MOST: usize = 6;

/// The calls since the last reset: all, those that write, and the longest chain.
fn counted(tenant: &Tenant, what: &str) -> (usize, usize) {
    let ((calls, writes), chain) = (tenant.google.count(), tenant.google.chain());
    println!("{what}: {calls} calls, {writes} writes, a chain of {chain}");
    tenant.google.reset();
    (writes, chain)
}

#[tokio::test]
async fn a_run_with_nothing_to_do_has_short_chains_and_writes_nothing() {
    for text in [SMALL, EVERYTHING] {
        let tenant = Tenant::new(text, 1);
        network(&tenant.google);
        tenant.google.page_cap(100);
        // So long that calls which could be made at once are.
        tenant.google.delay(Duration::from_millis(5));
        let first = tenant.provision().await;
        assert!(first.complete(), "{}", said(&first));
        counted(&tenant, "first run");
        let second = tenant.provision().await;
        assert!(second.complete() && second.changed() == 0, "{}", said(&second));
        let (writes, chain) = counted(&tenant, "nothing to do");
        assert_eq!(writes, 0);
        assert!(chain <= MOST, "{chain}");
        assert!(tenant.look(|survey| !survey.has_changes()).await);
        let (writes, chain) = counted(&tenant, "a look");
        assert!(writes == 0 && chain <= MOST, "{chain}");
        let gone = tenant.destroy().await;
        assert!(gone.complete(), "{}", said(&gone));
        counted(&tenant, "destroy");
        assert_eq!(tenant.google.violations(), [""; 0]);
    }
}

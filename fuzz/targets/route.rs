//! The paths of requests: whatever is asked, the name of a model cannot become another path.
#![no_main]

#[expect(dead_code, reason = "not all of it is tried here")]
#[path = "../../src/gateway/route.rs"]
mod route;

use http::Method;
use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use route::{Operation, Route};

fn named(route: &Route) -> Option<&str> {
    match &route.operation {
        Operation::Models(Some(id)) | Operation::InferenceProfiles(Some(id)) => Some(id),
        _ => route.model.as_deref(),
    }
}

fuzz_target!(|data: &[u8]| {
    let [how, path @ ..] = data else { return };
    let Ok(path) = std::str::from_utf8(path) else { return };
    let method =
        [Method::GET, Method::POST, Method::HEAD, Method::PUT][usize::from(how % 4)].clone();
    let routed = Route::of(&method, path);
    // Slashes more than one mean nothing.
    assert_eq!(routed, Route::of(&method, &path.replace('/', "//")));
    let Ok(routed) = routed else { return };
    let Some(name) = named(&routed) else { return };
    assert!(
        !name.is_empty() && name.len() <= 512 && name != "." && !name.contains(".."),
        "{name:?}"
    );
    assert!(
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:@/".contains(&byte)),
        "{name:?}"
    );
    let slashes = name.matches('/').count();
    assert!(slashes == 0 || slashes == 1 && name.starts_with("arn:"), "{name:?}");
    // As another gateway would ask on.
    let again = format!("/model/{}/invoke", utf8_percent_encode(name, NON_ALPHANUMERIC));
    assert_eq!(
        Route::of(&Method::POST, &again).map(|route| route.model),
        Ok(Some(name.to_owned()))
    );
});

//! Bodies: what is edited is JSON as it was, but for what was edited, and nothing else is touched.
#![no_main]

#[expect(dead_code, reason = "not all of it is tried here")]
#[path = "../../src/gateway/envelope.rs"]
mod envelope;

use std::collections::BTreeMap;

use envelope::{Edit, Envelope, Malformed};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

type Members<'a> = BTreeMap<String, &'a RawValue>;

fn members(body: &[u8]) -> Option<Members<'_>> {
    serde_json::from_slice(body).ok()
}

fuzz_target!(|data: &[u8]| {
    let [which, body @ ..] = data else { return };
    let envelope = match Envelope::read(body) {
        Ok(envelope) => envelope,
        Err(Malformed::Twice(name)) => {
            // The other reader takes the last one.
            assert!(members(body).is_none_or(|members| members.contains_key(&name)));
            return;
        }
        Err(Malformed::Json(why)) => {
            // Of more than a hundred members some may have the same name, and be one to the other reader.
            assert!(why.contains("more members than") || members(body).is_none());
            return;
        }
    };
    let before = members(body).expect("it was read");
    assert_eq!(envelope.edited(&[]), body);
    for (name, value) in &before {
        assert_eq!(envelope.get(name), Some(value.get().as_bytes()));
    }
    let any = before.keys().nth(usize::from(which >> 4)).map_or("n", |name| name.as_str());
    // A name is ours, and has no escapes.
    let any = if any.bytes().all(|byte| byte.is_ascii_alphanumeric()) { any } else { "n" };
    let set = |bit: u8, json: &str| {
        if which & bit == 0 { Edit::Remove } else { Edit::Set(json.into()) }
    };
    let mut edits =
        vec![("model", set(1, "\"m\"")), ("betas", set(2, "[ ]")), ("stream", set(4, "true"))];
    if edits.iter().all(|(name, _)| *name != any) {
        edits.push((any, set(8, "{\"a\":1}")));
    }
    let edited = envelope.edited(&edits);
    let after = members(&edited).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&edited)));
    assert!(Envelope::read(&edited).is_ok() || after.len() > 100);
    for (name, value) in &before {
        if edits.iter().all(|(edited, _)| edited != name) {
            assert_eq!(after.get(name).map(|value| value.get()), Some(value.get()));
        }
    }
    for (name, edit) in &edits {
        let wanted = match edit {
            Edit::Set(json) => Some(json.as_str()),
            Edit::Remove => None,
        };
        assert_eq!(after.get(*name).map(|value| value.get()), wanted);
    }
    assert!(after.keys().all(|name| before.contains_key(name) || edits.iter().any(|(edited, _)| edited == name)));
});

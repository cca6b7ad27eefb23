//! Every dependency has a licence that we may ship under: the list is `.deny.toml`'s.

use std::process::Command;

use serde_json::Value;
use spdx::{Expression, LicenseItem};

fn allowed() -> Vec<String> {
    let deny = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.deny.toml")).unwrap();
    let list = deny.split("allow = [").nth(1).unwrap().split(']').next().unwrap();
    list.split('"').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let allowed = allowed();
    let packages = packages();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    for package in packages {
        let name = &package["name"];
        let text = package["license"].as_str().unwrap_or_else(|| panic!("{name} has no licence"));
        // Some packages still write `MIT/Apache-2.0`.
        let expression = Expression::parse_mode(text, spdx::ParseMode::LAX)
            .unwrap_or_else(|error| panic!("{name}: {text}: {error}"));
        let fits = expression.evaluate(|requirement| {
            let id = match &requirement.license {
                LicenseItem::Spdx { id, .. } => id.name.to_owned(),
                other @ LicenseItem::Other(_) => other.to_string(),
            };
            let whole = match &requirement.addition {
                Some(addition) => format!("{id} WITH {addition}"),
                None => id,
            };
            allowed.contains(&whole)
        });
        assert!(fits, "{name} is under {text}, which .deny.toml does not allow");
    }
}

//! What no value of `gateway.yaml` can tell alone: whether the values fit each other.

use std::collections::BTreeMap;

use super::{GatewayConfig, Issuer, Model, Order};
use crate::config::{
    check::proxy,
    path::Path,
    shaped::{Notes, Told},
};

/// Notes everything that does not fit.
pub(in crate::config) fn check(config: &GatewayConfig, notes: &mut Notes<'_>) {
    listen(config, notes);
    access(config, notes);
    upstreams(config, notes);
    models(config, notes);
    super::client::sections(&config.client, &config.claude_code, &config.models, notes);
    proxy(&config.proxy, notes);
}

/// Tells what is not wrong, but not what the person who wrote it may think.
pub(in crate::config) fn warn(config: &GatewayConfig, told: &mut Told<'_>) {
    super::client::warn(&config.claude_code, told);
    let here = config.listen.address.is_loopback();
    if config.listen.plain_http && config.listen.tls.is_some() {
        told.tell(
            "listen.plain_http",
            "`listen.plain_http` has no effect: there is `listen.tls`",
            "",
        );
    } else if config.listen.plain_http && !here {
        let message =
            "credentials and everything that developers type go over the network in the clear";
        told.tell(
            "listen.plain_http",
            message,
            "only behind something that ends TLS on this machine",
        );
    }
    if !config.operations.address.is_loopback() {
        let message = "`operations.address` answers whoever reaches it, without a credential";
        told.tell("operations.address", message, "");
    }
    for (index, issuer) in config.access.issuers.iter().enumerate() {
        if issuer.claims.user == "email" {
            continue;
        }
        if issuer.claims.user == "name" || issuer.claims.user == "preferred_username" {
            let key = format!("access.issuers.{index}.claims.user");
            let message =
                format!("people can change `{}` themselves at many providers", issuer.claims.user);
            told.tell(&key, message, "`sub`, `email` or `oid` are the provider's to give");
        }
    }
}

fn listen(config: &GatewayConfig, notes: &mut Notes<'_>) {
    let path = Path::of("listen.tls");
    let listen = &config.listen;
    let open = !listen.address.is_loopback() && listen.tls.is_none() && !listen.plain_http;
    if open && !notes.passed_over(&path) && !notes.passed_over(&Path::of("listen.plain_http")) {
        let message = format!(
            "`listen.address` can be reached from other machines ({}), and there is no `{path}`",
            listen.address
        );
        let hint = "name a certificate and its key; or listen on 127.0.0.1; or, behind something that \
                    ends TLS, `listen.plain_http: true`";
        notes.note(&Path::of("listen.address"), message, hint);
    }
    if listen.address == config.operations.address {
        let path = Path::of("operations.address");
        let message = format!("`{path}` is that of `listen.address`, too");
        notes.note(&path, message, "health and metrics have an address of their own");
    }
    if listen.limits.bodies_mib < listen.limits.body_mib {
        let path = Path::of("listen.limits.bodies_mib");
        let message = format!("`{path}` has no room for a single body of `body_mib`");
        notes.note(&path, message, "");
    }
}

fn access(config: &GatewayConfig, notes: &mut Notes<'_>) {
    let access = &config.access;
    let whole = Path::of("access");
    if access.issuers.is_empty() && access.keys.is_empty() && !notes.passed_over(&whole) {
        let message = "`access` names nobody: there is no issuer and no key";
        let hint = "make a key: groundwork gateway token --key";
        notes.note(&whole, message, hint);
    }
    let names: Vec<&str> = access.issuers.iter().map(|issuer| issuer.issuer.as_str()).collect();
    notes.twice("access.issuers", &names);
    let names: Vec<&str> = access.keys.iter().map(|key| key.name.as_str()).collect();
    notes.twice("access.keys", &names);
    let hashes: Vec<&str> = access.keys.iter().map(|key| key.sha256.as_str()).collect();
    notes.twice("access.keys", &hashes);
    for (index, issuer) in access.issuers.iter().enumerate() {
        let at = Path::of("access.issuers").index(index);
        self::issuer(issuer, &at, notes);
    }
}

fn issuer(issuer: &Issuer, at: &Path, notes: &mut Notes<'_>) {
    if issuer.audiences.iter().all(String::is_empty) {
        let message = format!(
            "`{at}` needs `audiences`: without one it would accept tokens that were made for any \
             application"
        );
        notes.note(&at.clone().key("audiences"), message, "");
    }
    if issuer.algorithms.is_empty() {
        let message = format!("`{at}.algorithms` allows no way to sign");
        notes.note(&at.clone().key("algorithms"), message, "such as `[RS256, ES256]`");
    }
    if issuer.jwks_url.is_some() && issuer.jwks_file.is_some() {
        let message = format!("`{at}` has both `jwks_url` and `jwks_file`");
        notes.note(&at.clone().key("jwks_file"), message, "keep one of them");
    }
}

fn upstreams(config: &GatewayConfig, notes: &mut Notes<'_>) {
    for (name, upstream) in &config.upstreams {
        let at = Path::of("upstreams").key(name.as_str());
        if notes.passed_over(&at) {
            continue;
        }
        let kinds =
            [upstream.bedrock.is_some(), upstream.vertex.is_some(), upstream.anthropic.is_some()];
        let message = match kinds.iter().filter(|kind| **kind).count() {
            1 => continue,
            0 => format!("`{at}` does not say of what kind it is"),
            _ => format!("`{at}` is of more than one kind"),
        };
        notes.note(&at, message, "one of `bedrock`, `vertex` and `anthropic`");
    }
}

fn models(config: &GatewayConfig, notes: &mut Notes<'_>) {
    let whole = Path::of("models");
    if config.models.is_empty() && !notes.passed_over(&whole) {
        notes.note(&whole, "`models` names no model", "such as `claude-opus-5-5`");
    }
    let mut named: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, model) in &config.models {
        for alias in model.aliases.iter().map(String::as_str).chain([name.as_str()]) {
            if let Some(other) = named.insert(alias, name)
                && other != name
            {
                let path = whole.clone().key(name).key("aliases");
                notes.note(&path, format!("`{alias}` is the name of `{other}` and `{name}`"), "");
            }
        }
        let nobody =
            model.access.as_ref().is_some_and(|it| it.groups.is_empty() && it.roles.is_empty());
        let at = whole.clone().key(name).key("access");
        if nobody && !notes.passed_over(&at) {
            let message = format!("`{at}` names nobody: there is no group and no role");
            notes.note(&at, message, "leave it out, and it is for everybody who may call");
        }
        targets(config, name, model, notes);
    }
}

/// Whether a model's name leads nowhere else when it is part of an address.
fn is_model(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:@".contains(c);
    let id = match name.split_once('/') {
        Some((arn, id)) if arn.starts_with("arn:") && arn.chars().all(plain) => id,
        _ => name,
    };
    !id.is_empty() && id != "." && !id.contains("..") && id.chars().all(plain)
}

fn targets(config: &GatewayConfig, name: &str, model: &Model, notes: &mut Notes<'_>) {
    let at = Path::of("models").key(name).key("targets");
    if notes.passed_over(&at) {
        return;
    }
    if model.targets.is_empty() {
        let message = format!("`{at}` names no upstream");
        notes.note(
            &at,
            message,
            "such as `[{upstream: NAME, model: us.anthropic.claude-opus-5-5}]`",
        );
    }
    for (index, target) in model.targets.iter().enumerate() {
        let at = at.clone().index(index);
        if !is_model(&target.model) {
            let message = format!("`{at}.model` is no name of a model");
            let hint = "letters, digits, `-`, `_`, `.`, `:` and `@`; a slash only in an ARN";
            notes.note(&at.clone().key("model"), message, hint);
        }
        let known = config.upstreams.contains_key(&target.upstream);
        if !known && !notes.passed_over(&Path::of("upstreams")) {
            let names: Vec<&str> = config.upstreams.keys().map(AsRef::as_ref).collect();
            let message = format!("`{at}.upstream`: there is no upstream `{}`", target.upstream);
            let hint = format!("there is {}", names.join(", "));
            let hint = if names.is_empty() { "add it to `upstreams`" } else { &hint };
            notes.note(&at.clone().key("upstream"), message, hint);
        }
        if target.weight != 1 && model.order == Order::Ordered {
            let message = format!("`{at}.weight` has no meaning where `order` is `ordered`");
            notes.note(&at.key("weight"), message, "`order: weighted`");
        }
    }
}

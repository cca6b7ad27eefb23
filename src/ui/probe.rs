//! What the probe of the network found: a row of the table for each host, and each fault once.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Exit, json::end, style::Style};
use crate::proxy::check::{Fault, Look, Route, Trust};

/// A name that is longer makes its own row wide, and no other.
const WIDEST_HOST: usize = 52;

/// How wide the column of hosts is.
pub(super) fn width<'a>(hosts: impl Iterator<Item = &'a str>) -> usize {
    hosts.map(|host| host.chars().count()).filter(|wide| *wide <= WIDEST_HOST).max().unwrap_or(0)
}

/// One host: a row, and below it what is wrong.
pub(super) fn rows(style: Style, look: &Look, width: usize, whole: bool) -> Vec<String> {
    let (word, fault) = match &look.fault {
        None => (style.good("ok      "), None),
        Some(fault) if look.target.needed() => (style.bad("failed  "), Some(fault)),
        Some(fault) => (style.changed("optional"), Some(fault)),
    };
    let (host, purpose) = (look.target.to_string(), look.target.purpose.name());
    let took = format!("{} ms", milliseconds(look.took()));
    let route = way(look);
    let mut rows = vec![format!("{word} {host:width$}  {purpose:9}  {took:>8}  {route}")];
    if let Some(fault) = fault {
        let step = look.steps.last().map_or("route", |step| step.name);
        rows.push(format!("         {step}: {fault}"));
    }
    if whole {
        let steps = look.steps.iter();
        let steps: Vec<String> =
            steps.map(|step| format!("{} {} ms", step.name, milliseconds(step.took))).collect();
        rows.push(style.faint(&format!("         {}", steps.join(", "))));
    }
    rows.into_iter().map(|row| if whole { row } else { style.fit(&row) }).collect()
}

fn way(look: &Look) -> String {
    let way = match &look.route {
        Route::Proxy(url) => format!("through {url}"),
        Route::Direct { exempt: Some(entry) } => format!("direct (no_proxy: {entry})"),
        Route::Direct { exempt: None } => "direct".to_owned(),
    };
    if look.fault.is_none() && look.intercepted() { format!("{way}, intercepted") } else { way }
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// Hosts that have the same fault, and whether any of them is needed.
pub(super) struct Group<'a> {
    pub(super) fault: &'a Fault,
    pub(super) needed: bool,
    hosts: Vec<String>,
}

impl Group<'_> {
    /// Who has the fault, and what it is.
    pub(super) fn message(&self) -> String {
        format!("{}: {}", named(&self.hosts), self.fault)
    }
}

/// By name, where there are few.
fn named(hosts: &[String]) -> String {
    match hosts {
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        more => format!("{} hosts", more.len()),
    }
}

pub(super) fn groups(looks: &[Look]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for look in looks {
        let Some(fault) = &look.fault else { continue };
        let (host, needed) = (look.target.to_string(), look.target.needed());
        match groups.iter_mut().find(|it| it.fault == fault && it.needed == needed) {
            Some(group) => group.hosts.push(host),
            None => groups.push(Group { fault, needed, hosts: vec![host] }),
        }
    }
    groups
}

/// Who intercepts, once for each.
pub(super) fn interceptors(looks: &[Look]) -> Vec<String> {
    let mut seen: Vec<(&str, Option<Trust>, usize)> = Vec::new();
    for look in looks.iter().filter(|look| look.fault.is_none() && look.intercepted()) {
        let Some(authority) = &look.authority else { continue };
        let (name, trust) = (authority.name.as_str(), authority.trusted_by);
        match seen.iter_mut().find(|(its, whose, _)| (*its, *whose) == (name, trust)) {
            Some((_, _, count)) => *count += 1,
            None => seen.push((name, trust, 1)),
        }
    }
    let told = seen.into_iter().map(|(name, trust, count)| {
        let hosts = if count == 1 { "1 host".to_owned() } else { format!("{count} hosts") };
        let by = match trust {
            Some(Trust::Bundle) => "`ca_bundle` trusts",
            _ => "this system trusts",
        };
        format!("TLS to {hosts} is intercepted by `{name}`, which {by}")
    });
    told.collect()
}

/// `14 hosts: 12 ok, 2 failed`.
pub(super) fn summary(looks: &[Look]) -> String {
    let [ok, failed, closed] = counts(looks);
    let count = |number: usize, what: &str| (number > 0).then(|| format!("{number} {what}"));
    let parts = [
        count(ok, "ok"),
        count(failed, "failed"),
        count(closed, "closed that can be done without"),
    ];
    let hosts =
        if looks.len() == 1 { "1 host".to_owned() } else { format!("{} hosts", looks.len()) };
    format!("{hosts}: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// Of those that passed, of those that failed, and of those that failed and are not needed.
fn counts(looks: &[Look]) -> [usize; 3] {
    let of = |is: &dyn Fn(&&Look) -> bool| looks.iter().filter(is).count();
    [
        of(&|look| look.fault.is_none()),
        of(&|look| look.fault.is_some() && look.target.needed()),
        of(&|look| look.fault.is_some() && !look.target.needed()),
    ]
}

type Fields = Map<String, Value>;

pub(super) fn json(look: &Look) -> Fields {
    let mut all = Fields::new();
    let mut put = |key: &str, value: Value| all.insert(key.to_owned(), value);
    let target = &look.target;
    put("host", json!(target.host));
    put("port", json!(target.port));
    put("scheme", json!(target.scheme.name()));
    put("purpose", json!(target.purpose.name()));
    put("needed", json!(target.needed()));
    put("verdict", json!(look.fault.as_ref().map_or("ok", Fault::code)));
    match &look.route {
        Route::Proxy(url) => put("proxy", json!(url.to_string())),
        Route::Direct { exempt } => put("no_proxy", json!(exempt)),
    };
    if let Some(authority) = &look.authority {
        put("authority", json!(authority.name));
        put("intercepted", json!(look.intercepted()));
        put("trusted_by", json!(authority.trusted_by.map(Trust::name)));
    }
    let steps = look.steps.iter();
    let steps: Vec<Value> = steps
        .map(|step| json!({ "step": step.name, "took_ms": milliseconds(step.took) }))
        .collect();
    put("steps", json!(steps));
    put("took_ms", json!(milliseconds(look.took())));
    if let Some(fault) = &look.fault {
        put("message", json!(fault.to_string()));
        put("hints", json!(fault.remedies()));
    }
    all
}

pub(super) fn json_summary(looks: &[Look], exit: Exit) -> Fields {
    let mut all = end("proxy", exit);
    let [ok, failed, closed] = counts(looks);
    let faults: Vec<Value> = groups(looks)
        .iter()
        .map(|group| {
            json!({
                "verdict": group.fault.code(),
                "needed": group.needed,
                "hosts": group.hosts,
                "message": group.fault.to_string(),
                "hints": group.fault.remedies(),
            })
        })
        .collect();
    let more = [
        ("ok", json!(ok)),
        ("failed", json!(failed)),
        ("failed_optional", json!(closed)),
        ("faults", json!(faults)),
    ];
    all.extend(more.map(|(key, value)| (key.to_owned(), value)));
    all
}

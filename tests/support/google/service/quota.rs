//! Consumer quotas of Vertex AI, as Service Usage tells them. All limits are the default until a test says
//! otherwise: `serviceusage.quotas` has `{"limit"}` under `METRIC/BASE_MODEL/REGION`.

use serde_json::{Value, json};

use super::{
    super::{
        call::{Answer, Call, Method},
        failure::Failure,
        page,
        world::World,
    },
    aiplatform,
};

pub const METHODS: &[Method] = &[
    Method::read(
        "serviceusage.services.consumerQuotaMetrics.get",
        &["serviceusage.quotas.get"],
        get,
    ),
    Method::read(
        "serviceusage.services.consumerQuotaMetrics.list",
        &["serviceusage.quotas.get"],
        list,
    ),
];

const QUOTAS: &str = "serviceusage.quotas";
const SERVICE: &str = "aiplatform.googleapis.com";
const PREFIXES: &[&str] = &["", "global_", "us_multi_region_", "eu_multi_region_"];

/// Metrics without their prefix, and their default limits.
const METRICS: &[(&str, u64)] = &[
    ("online_prediction_requests_per_base_model", 60),
    ("online_prediction_input_tokens_per_minute_per_base_model", 500_000),
    ("online_prediction_output_tokens_per_minute_per_base_model", 50_000),
];

fn key(metric: &str, base_model: &str, region: &str) -> String {
    format!("{metric}/{base_model}/{region}")
}

fn default_limit(metric: &str) -> u64 {
    let metric = METRICS.iter().find(|(name, _)| metric.ends_with(name));
    metric.map_or(0, |(_, limit)| *limit)
}

pub fn set(world: &mut World, metric: &str, base_model: &str, region: &str, limit: u64) {
    let limit = json!({"limit": limit.to_string()});
    world.store(QUOTAS).insert(key(metric, base_model, region), limit);
}

fn told(world: &World, metric: &str, base_model: &str, region: &str) -> Option<u64> {
    world.find(QUOTAS, &key(metric, base_model, region))?["limit"].as_str()?.parse().ok()
}

/// The effective limit.
pub fn limit(world: &World, metric: &str, base_model: &str, region: &str) -> u64 {
    told(world, metric, base_model, region).unwrap_or_else(|| default_limit(metric))
}

/// The global bucket is first; without `full`, only those that differ follow.
fn buckets(world: &World, metric: &str, full: bool) -> Vec<Value> {
    let regional = metric.starts_with("online_");
    let regions: Vec<&str> = if regional {
        aiplatform::LOCATIONS.iter().copied().filter(|place| place.contains('-')).collect()
    } else {
        vec![""]
    };
    let mut buckets = vec![json!({"effectiveLimit": "0", "defaultLimit": "0"})];
    for id in aiplatform::ids() {
        let base_model = format!("anthropic-{id}");
        for region in &regions {
            if !full && told(world, metric, &base_model, region).is_none() {
                continue;
            }
            let mut dimensions = json!({"base_model": base_model});
            if regional {
                dimensions["region"] = json!(region);
            }
            buckets.push(json!({
                "effectiveLimit": limit(world, metric, &base_model, region).to_string(),
                "defaultLimit": default_limit(metric).to_string(),
                "dimensions": dimensions,
            }));
        }
    }
    buckets
}

fn shown(world: &World, call: &Call, metric: &str) -> Value {
    let name = format!(
        "projects/{}/services/{SERVICE}/consumerQuotaMetrics/{SERVICE}%2F{metric}",
        call.project
    );
    let regional = metric.starts_with("online_");
    let (limit, unit) = if regional {
        ("%2Fmin%2Fproject%2Fregion%2Fbase_model", "1/min/{project}/{region}/{base_model}")
    } else {
        ("%2Fmin%2Fproject%2Fbase_model", "1/min/{project}/{base_model}")
    };
    let metric_name = format!("{SERVICE}/{metric}");
    json!({
        "name": name,
        "metric": metric_name,
        "displayName": metric.replace('_', " "),
        "unit": "1",
        "consumerQuotaLimits": [{
            "name": format!("{name}/limits/{limit}"),
            "metric": metric_name,
            "unit": unit,
            "isPrecise": true,
            "quotaBuckets": buckets(world, metric, call.query("view") == Some("FULL")),
        }],
    })
}

fn metrics() -> impl Iterator<Item = String> {
    METRICS
        .iter()
        .flat_map(|(metric, _)| PREFIXES.iter().map(move |part| format!("{part}{metric}")))
}

fn check_service(world: &World, name: &str) -> Result<(), Failure> {
    let parts: Vec<&str> = name.split('/').collect();
    match parts[..] {
        ["projects", project, "services", SERVICE, ..] if world.number(project).is_some() => Ok(()),
        _ => Err(Failure::permission(&format!("Not found or permission denied: {name}."))),
    }
}

/// The metric is one segment of the path, its slash encoded; here it is decoded.
fn get(world: &mut World, call: &Call) -> Answer {
    let name = call.path("name");
    check_service(world, name)?;
    let metric = name.split_once("/consumerQuotaMetrics/").map_or("", |(_, metric)| metric);
    let metric = metric.strip_prefix(SERVICE).and_then(|metric| metric.strip_prefix('/'));
    let metric = metrics().find(|known| metric == Some(known));
    let metric = metric.ok_or_else(|| Failure::missing(&format!("{name} is not found.")))?;
    Ok(shown(world, call, &metric))
}

fn list(world: &mut World, call: &Call) -> Answer {
    check_service(world, call.path("parent"))?;
    let metrics = metrics().map(|metric| shown(world, call, &metric)).collect();
    page::page(world, call, "metrics", metrics)
}

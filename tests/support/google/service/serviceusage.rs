//! Service Usage: which APIs are on, and the agents of those that have one.

use serde_json::{Value, json};

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    operation, page,
    world::World,
};

pub const METHODS: &[Method] = &[
    Method {
        id: "serviceusage.services.batchEnable",
        permissions: &["serviceusage.services.enable"],
        write: true,
        run: batch_enable,
    },
    Method {
        id: "serviceusage.services.enable",
        permissions: &["serviceusage.services.enable"],
        write: true,
        run: enable,
    },
    Method {
        id: "serviceusage.services.batchGet",
        permissions: &["serviceusage.services.get"],
        write: false,
        run: batch_get,
    },
    Method {
        id: "serviceusage.services.get",
        permissions: &["serviceusage.services.get"],
        write: false,
        run: get,
    },
    Method {
        id: "serviceusage.services.list",
        permissions: &["serviceusage.services.list"],
        write: false,
        run: list,
    },
    Method {
        id: "serviceusage.services.generateServiceIdentity",
        permissions: &["serviceusage.services.enable"],
        write: true,
        run: generate_identity,
    },
    Method {
        id: "serviceusage.operations.get",
        permissions: &[],
        write: false,
        run: operation::get,
    },
];

const MOST_ENABLED: usize = 20;
const MOST_READ: usize = 30;

/// APIs that Google has; any other is refused.
const KNOWN: &[&str] = &[
    "aiplatform",
    "bigquery",
    "billingbudgets",
    "cloudasset",
    "cloudbilling",
    "cloudcommerceconsumerprocurement",
    "cloudkms",
    "cloudquotas",
    "cloudresourcemanager",
    "compute",
    "container",
    "dns",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "orgpolicy",
    "pubsub",
    "secretmanager",
    "servicedirectory",
    "serviceusage",
    "storage",
    "sts",
];

fn check_known(service: &str) -> Result<(), Failure> {
    let api = service.strip_suffix(".googleapis.com").unwrap_or_default();
    if KNOWN.contains(&api) {
        return Ok(());
    }
    let message = format!("Not found or permission denied for service(s): {service}.");
    Err(Failure::permission(&message).reason(
        "SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED",
        "serviceusage.googleapis.com",
        &json!({"services": service}),
    ))
}

fn shown(world: &World, project: &str, service: &str) -> Value {
    let on = service == "serviceusage.googleapis.com" || world.is_enabled(project, service);
    let number = world.number(project).unwrap_or_default();
    json!({
        "name": format!("projects/{number}/services/{service}"),
        "parent": format!("projects/{number}"),
        "state": if on { "ENABLED" } else { "DISABLED" },
        "config": {"name": service},
    })
}

fn batch_enable(world: &mut World, call: &Call) -> Answer {
    let services: Vec<String> = call.body["serviceIds"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|service| service.as_str().map(str::to_owned))
        .collect();
    if services.is_empty() || services.len() > MOST_ENABLED {
        let message = format!("Between 1 and {MOST_ENABLED} services can be enabled at once.");
        return Err(Failure::invalid(&message));
    }
    enabled(world, call, &services, "BatchEnableServicesResponse")
}

fn enable(world: &mut World, call: &Call) -> Answer {
    let service = service_of(call.path("name"));
    enabled(world, call, &[service], "EnableServiceResponse")
}

fn service_of(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

fn enabled(world: &mut World, call: &Call, services: &[String], kind: &str) -> Answer {
    check_project(world, call)?;
    for service in services {
        check_known(service)?;
    }
    let pays =
        world.find("projects", &call.project).is_none_or(|project| project["_unpaid"] != true);
    if !pays {
        let message = format!(
            "Billing account for project '{}' is not found. Billing must be enabled for activation of service(s) '{}' to proceed.",
            call.project,
            services.join(",")
        );
        return Err(Failure::precondition(&message).reason(
            "UREQ_PROJECT_BILLING_NOT_FOUND",
            "serviceusage.googleapis.com",
            &json!({"services": services.join(",")}),
        ));
    }
    let all_on = services.iter().all(|service| world.is_enabled(&call.project, service));
    for service in services {
        world.enable(&call.project, service);
    }
    let shown: Vec<Value> =
        services.iter().map(|service| shown(world, &call.project, service)).collect();
    let kind = format!("type.googleapis.com/google.api.serviceusage.v1.{kind}");
    let response = match services {
        [_] if kind.ends_with(".EnableServiceResponse") => {
            json!({"@type": kind, "service": shown[0]})
        }
        _ => json!({"@type": kind, "services": shown}),
    };
    if all_on {
        return Ok(json!({
            "name": "operations/noop.DONE_OPERATION",
            "done": true,
            "response": response,
        }));
    }
    let name = format!("operations/acat.p2-{}-{:08x}", call.project, world.serial());
    Ok(operation::begin(world, &name, None, &response))
}

fn check_project(world: &World, call: &Call) -> Result<(), Failure> {
    let name =
        if call.path.contains_key("parent") { call.path("parent") } else { call.path("name") };
    let project = name.split('/').nth(1).unwrap_or_default();
    if world.number(project).is_some() {
        return Ok(());
    }
    Err(Failure::permission(&format!("Project '{project}' not found or permission denied.")))
}

fn batch_get(world: &mut World, call: &Call) -> Answer {
    check_project(world, call)?;
    let names = call.queries("names");
    if names.is_empty() || names.len() > MOST_READ {
        let message = format!("Between 1 and {MOST_READ} services can be read at once.");
        return Err(Failure::invalid(&message));
    }
    let mut services = Vec::new();
    for name in names {
        let service = service_of(name);
        if !name.starts_with("projects/") || name.split('/').count() != 4 {
            return Err(Failure::invalid(&format!("Invalid service name: {name}.")));
        }
        check_known(&service)?;
        services.push(shown(world, &call.project, &service));
    }
    Ok(json!({"services": services}))
}

fn get(world: &mut World, call: &Call) -> Answer {
    check_project(world, call)?;
    let service = service_of(call.path("name"));
    check_known(&service)?;
    Ok(shown(world, &call.project, &service))
}

fn list(world: &mut World, call: &Call) -> Answer {
    check_project(world, call)?;
    let only = call.query("filter").and_then(|filter| filter.strip_prefix("state:"));
    let services = KNOWN
        .iter()
        .map(|api| shown(world, &call.project, &format!("{api}.googleapis.com")))
        .filter(|service| only.is_none_or(|only| service["state"] == only))
        .collect();
    page::page(world, call, "services", services)
}

/// The e-mail address of an API's agent.
fn agent(project: &str, service: &str) -> String {
    let api = service.strip_suffix(".googleapis.com").unwrap_or(service);
    format!("service-{project}@gcp-sa-{api}.iam.gserviceaccount.com")
}

fn generate_identity(world: &mut World, call: &Call) -> Answer {
    check_project(world, call)?;
    let service = service_of(call.path("parent"));
    check_known(&service)?;
    let email = agent(&call.project, &service);
    let known = world.find("serviceusage.identities", &email).cloned();
    let identity = known.unwrap_or_else(|| {
        let identity = json!({
            "@type": "type.googleapis.com/google.api.serviceusage.v1beta1.ServiceIdentity",
            "email": email,
            "uniqueId": world.unique_id(),
        });
        world.store("serviceusage.identities").insert(email.clone(), identity.clone());
        identity
    });
    let name = format!("operations/finished.DONE_OPERATION-{}", world.serial());
    Ok(operation::begin(world, &name, None, &identity))
}

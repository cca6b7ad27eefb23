//! Workload identity pools and their providers: named by the project's number, deleted softly, each
//! change an operation.

use serde_json::{Value, json};

use super::super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    mask, operation, page,
    world::World,
};

/// Pools or providers.
struct Kind {
    store: &'static str,
    collection: &'static str,
    /// The query parameter with the new one's id.
    id: &'static str,
    message: &'static str,
    fields: &'static [&'static str],
}

const POOLS: Kind = Kind {
    store: "iam.workloadIdentityPools",
    collection: "workloadIdentityPools",
    id: "workloadIdentityPoolId",
    message: "WorkloadIdentityPool",
    fields: &["displayName", "description", "disabled"],
};

const PROVIDERS: Kind = Kind {
    store: "iam.workloadIdentityPoolProviders",
    collection: "providers",
    id: "workloadIdentityPoolProviderId",
    message: "WorkloadIdentityPoolProvider",
    fields: &[
        "displayName",
        "description",
        "disabled",
        "attributeMapping",
        "attributeCondition",
        "oidc",
        "saml",
        "aws",
        "x509",
    ],
};

macro_rules! methods {
    ($path:literal, $permission:literal, $kind:expr) => {
        &[
            Method {
                id: concat!("iam.projects.locations.", $path, ".create"),
                permissions: &[concat!("iam.", $permission, ".create")],
                write: true,
                run: |world, call| create(world, call, &$kind),
            },
            Method {
                id: concat!("iam.projects.locations.", $path, ".get"),
                permissions: &[concat!("iam.", $permission, ".get")],
                write: false,
                run: |world, call| named(world, call, &$kind).map(|(_, value)| value),
            },
            Method {
                id: concat!("iam.projects.locations.", $path, ".list"),
                permissions: &[concat!("iam.", $permission, ".list")],
                write: false,
                run: |world, call| list(world, call, &$kind),
            },
            Method {
                id: concat!("iam.projects.locations.", $path, ".patch"),
                permissions: &[concat!("iam.", $permission, ".update")],
                write: true,
                run: |world, call| patch(world, call, &$kind),
            },
            Method {
                id: concat!("iam.projects.locations.", $path, ".delete"),
                permissions: &[concat!("iam.", $permission, ".delete")],
                write: true,
                run: |world, call| delete(world, call, &$kind),
            },
            Method {
                id: concat!("iam.projects.locations.", $path, ".undelete"),
                permissions: &[concat!("iam.", $permission, ".undelete")],
                write: true,
                run: |world, call| undelete(world, call, &$kind),
            },
            Method {
                id: concat!("iam.projects.locations.", $path, ".operations.get"),
                permissions: &[concat!("iam.", $permission, ".get")],
                write: false,
                run: operation::get,
            },
        ]
    };
}

pub const POOL_METHODS: &[Method] =
    methods!("workloadIdentityPools", "workloadIdentityPools", POOLS);
pub const PROVIDER_METHODS: &[Method] =
    methods!("workloadIdentityPools.providers", "workloadIdentityPoolProviders", PROVIDERS);

fn begun(world: &mut World, kind: &Kind, name: &str, value: &Value) -> Value {
    let operation = format!("{name}/operations/{:016x}", world.serial());
    let mut response = json!({
        "@type": format!("type.googleapis.com/google.iam.v1.{}", kind.message),
    });
    for (field, value) in value.as_object().into_iter().flatten() {
        response[field.as_str()] = value.clone();
    }
    operation::begin(world, &operation, None, &response)
}

fn check_id(id: &str) -> Result<(), Failure> {
    let letters = id
        .chars()
        .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if (4..=32).contains(&id.len()) && letters && !id.starts_with("gcp-") {
        return Ok(());
    }
    Err(Failure::invalid(&format!("The id {id:?} must match [a-z0-9-]{{4,32}}, without gcp-.")))
}

fn check(kind: &Kind, value: &Value) -> Result<(), Failure> {
    for (field, most) in [("displayName", 32), ("description", 256)] {
        if value[field].as_str().is_some_and(|text| text.chars().count() > most) {
            let message = format!("The {field} has more than {most} characters.");
            return Err(Failure::invalid(&message));
        }
    }
    if kind.store != PROVIDERS.store {
        return Ok(());
    }
    let sources = ["oidc", "saml", "aws", "x509"];
    if sources.iter().filter(|source| value.get(**source).is_some()).count() != 1 {
        return Err(Failure::invalid("Exactly one of aws, oidc, saml and x509 must be set."));
    }
    let oidc = &value["oidc"];
    let issuer = oidc["issuerUri"].as_str().unwrap_or_default();
    if oidc.is_object() && !issuer.starts_with("https://") {
        return Err(Failure::invalid("The issuer_uri must be an https URI."));
    }
    if oidc["allowedAudiences"].as_array().is_some_and(|audiences| audiences.len() > 10) {
        return Err(Failure::invalid("At most 10 audiences are allowed."));
    }
    if value.get("aws").is_none() && value["attributeMapping"]["google.subject"].is_null() {
        return Err(Failure::invalid("The attribute mapping must have google.subject."));
    }
    let shared = issuer == "https://token.actions.githubusercontent.com";
    if shared && value["attributeCondition"].as_str().is_none_or(str::is_empty) {
        return Err(Failure::invalid(
            "The attribute condition must reference one of the provider's claims.",
        ));
    }
    Ok(())
}

fn create(world: &mut World, call: &Call, kind: &Kind) -> Answer {
    let id = call.query(kind.id).unwrap_or_default();
    check_id(id)?;
    let parent = world.by_number(call.path("parent"));
    if parent.split('/').nth(3) != Some("global") {
        return Err(Failure::invalid("The location must be global."));
    }
    let pool = world.find(POOLS.store, &parent);
    if kind.store == PROVIDERS.store && pool.is_none_or(|pool| pool["state"] != "ACTIVE") {
        return Err(Failure::missing(&format!("Resource '{parent}' was not found.")));
    }
    let name = format!("{parent}/{}/{id}", kind.collection);
    if world.find(kind.store, &name).is_some() {
        return Err(Failure::exists("Requested entity already exists"));
    }
    check(kind, &call.body)?;
    let mut value = json!({"name": name, "state": "ACTIVE"});
    for field in kind.fields {
        if let Some(given) = call.body.get(*field) {
            value[*field] = given.clone();
        }
    }
    world.store(kind.store).insert(name.clone(), value.clone());
    Ok(begun(world, kind, &name, &value))
}

fn named(world: &World, call: &Call, kind: &Kind) -> Result<(String, Value), Failure> {
    let name = world.by_number(call.path("name"));
    let value = world.find(kind.store, &name).cloned();
    let missing = || Failure::missing("Requested entity was not found.");
    value.map(|value| (name, value)).ok_or_else(missing)
}

fn list(world: &mut World, call: &Call, kind: &Kind) -> Answer {
    let prefix = format!("{}/{}/", world.by_number(call.path("parent")), kind.collection);
    let deleted = call.query("showDeleted") == Some("true");
    let values = world
        .all(kind.store)
        .filter(|(name, value)| {
            name.starts_with(&prefix) && (deleted || value["state"] == "ACTIVE")
        })
        .map(|(_, value)| value.clone())
        .collect();
    let field = if kind.store == POOLS.store {
        "workloadIdentityPools"
    } else {
        "workloadIdentityPoolProviders"
    };
    page::page(world, call, field, values)
}

fn live(world: &World, call: &Call, kind: &Kind) -> Result<(String, Value), Failure> {
    let (name, value) = named(world, call, kind)?;
    if value["state"] == "ACTIVE" {
        return Ok((name, value));
    }
    Err(Failure::precondition(&format!("{name} is in a deleted state.")))
}

fn keep(world: &mut World, kind: &Kind, name: String, value: Value) -> Value {
    let answer = begun(world, kind, &name, &value);
    world.store(kind.store).insert(name, value);
    answer
}

fn patch(world: &mut World, call: &Call, kind: &Kind) -> Answer {
    let (name, mut value) = live(world, call, kind)?;
    let mask = call.query("updateMask").filter(|mask| !mask.is_empty());
    let mask = mask.ok_or_else(|| Failure::invalid("The update mask must be given."))?;
    mask::merge(&mut value, &call.body, mask, kind.fields)?;
    check(kind, &value)?;
    Ok(keep(world, kind, name, value))
}

fn delete(world: &mut World, call: &Call, kind: &Kind) -> Answer {
    let (name, mut value) = live(world, call, kind)?;
    value["state"] = json!("DELETED");
    value["expireTime"] = json!("2099-01-01T00:00:00Z");
    Ok(keep(world, kind, name, value))
}

fn undelete(world: &mut World, call: &Call, kind: &Kind) -> Answer {
    let (name, mut value) = named(world, call, kind)?;
    if value["state"] == "ACTIVE" {
        return Err(Failure::precondition(&format!("{name} is not deleted.")));
    }
    value["state"] = json!("ACTIVE");
    if let Some(fields) = value.as_object_mut() {
        fields.remove("expireTime");
    }
    Ok(keep(world, kind, name, value))
}

#!/usr/bin/env python3
"""Does with Google's own Python client what Groundwork does, against the fake of the Google APIs, and reads
everything back: what both understand is no agreement between our client and our fake alone.

    .venv/bin/python tests/support/google_check.py target/debug/examples/google_cloud

Ends with 1 if something went wrong. What the fake does not serve is skipped, with a message.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from google.oauth2.credentials import Credentials
from googleapiclient import discovery, discovery_cache
from googleapiclient.errors import HttpError

PROJECT = "acme-ai"
PARENT = f"projects/{PROJECT}"
OWNER = "owner-token"
PATIENCE = 20

SERVICES = """aiplatform bigquery billingbudgets cloudbilling cloudkms cloudresourcemanager compute dns iam
iamcredentials logging monitoring orgpolicy servicedirectory storage sts""".split()


class Cloud:
    """The clients of one running fake."""

    def __init__(self, origin):
        self.origin = origin
        self.clients = {}

    def client(self, api, version):
        """The client, with the base that the document's own would be."""
        if (api, version) not in self.clients:
            document = json.loads(discovery_cache.get_static_doc(api, version))
            endpoint = f"{self.origin}/{api}/{document['servicePath']}"
            self.clients[api, version] = discovery.build(
                api,
                version,
                credentials=Credentials(OWNER, quota_project_id=PROJECT),
                client_options={"api_endpoint": endpoint},
                static_discovery=True,
                cache_discovery=False,
            )
        return self.clients[api, version]

    def fake(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.origin}/_fake/{path}", data) as answer:
            return json.load(answer)


def finished(operations, operation, **names):
    """The response of a long-running operation, polled until it is done."""
    while not operation.get("done"):
        time.sleep(0.01)
        operation = operations.get(**(names or {"name": operation["name"]})).execute()
    if "error" in operation:
        raise AssertionError(operation["error"])
    return operation.get("response", {})


def computed(operations, operation, **names):
    while operation["status"] != "DONE":
        operation = operations.wait(operation=operation["name"], **names).execute()
    if "error" in operation:
        raise AssertionError(operation["error"])


def every(collection, field, **arguments):
    """All items of a list, over all of its pages."""
    items, request = [], collection.list(**arguments)
    while request is not None:
        answer = request.execute()
        items += answer.get(field, [])
        request = collection.list_next(request, answer)
    return items


def agrees(read, wanted):
    """Raises unless `read` has everything that `wanted` has."""
    for name, value in wanted.items():
        if isinstance(value, dict) and isinstance(read.get(name), dict):
            agrees(read[name], value)
        elif read.get(name) != value:
            raise AssertionError(f"{name}: {read.get(name)!r}, not {value!r}")


def refused(code, request):
    """Raises unless the client sees this code."""
    try:
        request.execute()
    except HttpError as error:
        if error.status_code != code:
            raise
        return
    raise AssertionError(f"taken, not refused with {code}")


def services(cloud):
    usage = cloud.client("serviceusage", "v1")
    names = [f"{name}.googleapis.com" for name in SERVICES]
    body = {"serviceIds": names}
    operation = usage.services().batchEnable(parent=PARENT, body=body).execute()
    finished(usage.operations(), operation)
    asked = [f"{PARENT}/services/{name}" for name in names]
    read = usage.services().batchGet(parent=PARENT, names=asked).execute()
    assert {one["state"] for one in read["services"]} == {"ENABLED"}, read


def service_account(cloud):
    accounts = cloud.client("iam", "v1").projects().serviceAccounts()
    body = {"accountId": "claude-code", "serviceAccount": {"displayName": "Claude Code"}}
    made = accounts.create(name=PARENT, body=body).execute()
    refused(409, accounts.create(name=PARENT, body=body))
    read = accounts.get(name=f"{PARENT}/serviceAccounts/{made['email']}").execute()
    agrees(read, {"displayName": "Claude Code", "uniqueId": made["uniqueId"]})


def project_policy(cloud):
    projects = cloud.client("cloudresourcemanager", "v3").projects()
    options = {"options": {"requestedPolicyVersion": 3}}
    policy = projects.getIamPolicy(resource=PARENT, body=options).execute()
    logs = {"logType": "DATA_READ"}
    audit = [{"service": "aiplatform.googleapis.com", "auditLogConfigs": [logs]}]
    member = {"role": "roles/aiplatform.user", "members": ["group:developers@example.com"]}
    policy |= {"version": 3, "auditConfigs": audit, "bindings": policy.get("bindings", []) + [member]}
    body = {"policy": policy, "updateMask": "bindings,etag,auditConfigs"}
    projects.setIamPolicy(resource=PARENT, body=body).execute()
    refused(409, projects.setIamPolicy(resource=PARENT, body=body))
    read = projects.getIamPolicy(resource=PARENT, body=options).execute()
    agrees(read, {"auditConfigs": audit})
    assert member in read["bindings"], read


def key(cloud):
    rings = cloud.client("cloudkms", "v1").projects().locations().keyRings()
    parent = f"{PARENT}/locations/us-east5"
    rings.create(parent=parent, keyRingId="claude", body={}).execute()
    ring, keys = f"{parent}/keyRings/claude", rings.cryptoKeys()
    body = {
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": "7776000s",
        "nextRotationTime": "2099-01-01T00:00:00Z",
    }
    keys.create(parent=ring, cryptoKeyId="logs", body=body).execute()
    refused(409, keys.create(parent=ring, cryptoKeyId="logs", body=body))
    agrees(keys.get(name=f"{ring}/cryptoKeys/logs").execute(), body)


def log_bucket(cloud):
    projects = cloud.client("logging", "v2").projects()
    parent = f"{PARENT}/locations/us-east5"
    buckets, body = projects.locations().buckets(), {"retentionDays": 400}
    buckets.create(parent=parent, bucketId="claude", body=body).execute()
    agrees(buckets.get(name=f"{parent}/buckets/claude").execute(), body)
    sink = {
        "name": "claude",
        "destination": f"logging.googleapis.com/{parent}/buckets/claude",
        "filter": 'protoPayload.serviceName="aiplatform.googleapis.com"',
    }
    sinks = projects.sinks()
    sinks.create(parent=PARENT, uniqueWriterIdentity=True, body=sink).execute()
    refused(409, sinks.create(parent=PARENT, uniqueWriterIdentity=True, body=sink))
    agrees(sinks.get(sinkName=f"{PARENT}/sinks/claude").execute(), sink)


def alerts(cloud):
    projects = cloud.client("monitoring", "v3").projects()
    labels = {"groundwork-tenant": "acme"}
    channel = {
        "type": "email",
        "displayName": "Operations",
        "labels": {"email_address": "ops@example.com"},
        "userLabels": labels,
    }
    channels = projects.notificationChannels()
    made = channels.create(name=PARENT, body=channel).execute()
    agrees(channels.get(name=made["name"]).execute(), channel)
    threshold = {
        "filter": 'metric.type="aiplatform.googleapis.com/publisher/online_serving/token_count"'
        ' AND resource.type="aiplatform.googleapis.com/PublisherModel"',
        "comparison": "COMPARISON_GT",
        "duration": "300s",
        "thresholdValue": 1000,
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}],
    }
    policy = {
        "displayName": "Claude: tokens",
        "combiner": "OR",
        "conditions": [{"displayName": "tokens", "conditionThreshold": threshold}],
        "notificationChannels": [made["name"]],
        "userLabels": labels,
    }
    policies = projects.alertPolicies()
    for _ in range(3):
        policies.create(name=PARENT, body=policy).execute()
    chosen = 'user_labels."groundwork-tenant"="acme"'
    found = every(policies, "alertPolicies", name=PARENT, filter=chosen)
    assert len({one["name"] for one in found}) == 3, found
    agrees(found[0]["conditions"][0]["conditionThreshold"], threshold)
    refused(400, channels.delete(name=made["name"]))
    changed = policies.patch(name=found[0]["name"], updateMask="enabled", body={"enabled": False})
    agrees(changed.execute(), {"enabled": False, "displayName": policy["displayName"]})
    for one in found:
        policies.delete(name=one["name"]).execute()
    channels.delete(name=made["name"]).execute()


def dataset(cloud):
    datasets = cloud.client("bigquery", "v2").datasets()
    names = {"projectId": PROJECT, "datasetId": "claude"}
    body = {"datasetReference": names, "location": "us-east5", "labels": {"tenant": "acme"}}
    datasets.insert(projectId=PROJECT, body=body).execute()
    refused(409, datasets.insert(projectId=PROJECT, body=body))
    agrees(datasets.get(**names).execute(), body)


def federation(cloud):
    pools = cloud.client("iam", "v1").projects().locations().workloadIdentityPools()
    parent, providers = f"{PARENT}/locations/global", pools.providers()
    body = {"displayName": "Acme"}
    operation = pools.create(parent=parent, workloadIdentityPoolId="acme-pool", body=body).execute()
    finished(pools.operations(), operation)
    pool = f"{parent}/workloadIdentityPools/acme-pool"
    agrees(pools.get(name=pool).execute(), body | {"state": "ACTIVE"})
    body = {
        "oidc": {"issuerUri": "https://login.example.com", "allowedAudiences": ["acme"]},
        "attributeMapping": {"google.subject": "assertion.sub"},
    }
    names = {"parent": pool, "workloadIdentityPoolProviderId": "acme-oidc"}
    finished(providers.operations(), providers.create(**names, body=body).execute())
    agrees(providers.get(name=f"{pool}/providers/acme-oidc").execute(), body)


def endpoint(cloud):
    cloud.fake("network", {"name": "claude", "subnets": {"us-east5": "10.9.0.0/24"}})
    compute = cloud.client("compute", "v1")
    network = compute.networks().get(project=PROJECT, network="claude").execute()["selfLink"]
    one, operations = {"project": PROJECT}, compute.globalOperations()
    address = {
        "name": "claude",
        "network": network,
        "addressType": "INTERNAL",
        "purpose": "PRIVATE_SERVICE_CONNECT",
        "address": "10.3.0.5",
    }
    addresses, rules = compute.globalAddresses(), compute.globalForwardingRules()
    computed(operations, addresses.insert(**one, body=address).execute(), **one)
    agrees(addresses.get(**one, address="claude").execute(), address)
    rule = {
        "name": "claude",
        "IPAddress": "global/addresses/claude",
        "network": network,
        "target": "all-apis",
        "loadBalancingScheme": "",
    }
    computed(operations, rules.insert(**one, body=rule).execute(), **one)
    refused(400, addresses.delete(**one, address="claude"))
    read = rules.get(**one, forwardingRule="claude").execute()
    agrees(read, {"IPAddress": "10.3.0.5", "target": "all-apis"})
    where = one | {"region": "us-east5"}
    access = {"privateIpGoogleAccess": True}
    subnets = compute.subnetworks()
    change = subnets.setPrivateIpGoogleAccess(**where, subnetwork="claude", body=access)
    computed(compute.regionOperations(), change.execute(), **where)
    agrees(subnets.get(**where, subnetwork="claude").execute(), access)


def names(cloud):
    dns = cloud.client("dns", "v1")
    network = f"https://www.googleapis.com/compute/v1/{PARENT}/global/networks/default"
    zone = {
        "name": "claude",
        "dnsName": "googleapis.com.",
        "description": "",
        "visibility": "private",
        "privateVisibilityConfig": {"networks": [{"networkUrl": network}]},
    }
    zones, one = dns.managedZones(), {"project": PROJECT, "managedZone": "claude"}
    zones.create(project=PROJECT, body=zone).execute()
    agrees(zones.get(**one).execute(), {"dnsName": "googleapis.com.", "visibility": "private"})
    record = {
        "name": "aiplatform.googleapis.com.",
        "type": "A",
        "ttl": 300,
        "rrdatas": ["10.3.0.5"],
    }
    records = dns.resourceRecordSets()
    records.create(**one, body=record).execute()
    asked = {"name": record["name"], "type": "A"}
    agrees(records.get(**one, **asked).execute(), record)
    assert len(every(records, "rrsets", **one)) == 3
    refused(400, zones.delete(**one))
    records.delete(**one, **asked).execute()
    zones.delete(**one).execute()
    refused(404, zones.get(**one))


def budget(cloud):
    billing = cloud.client("cloudbilling", "v1").projects().getBillingInfo(name=PARENT).execute()
    budgets = cloud.client("billingbudgets", "v1").billingAccounts().budgets()
    body = {
        "displayName": "Claude",
        "budgetFilter": {"projects": [PARENT]},
        "amount": {"specifiedAmount": {"currencyCode": "USD", "units": "500"}},
        "thresholdRules": [{"thresholdPercent": 0.9}],
    }
    made = budgets.create(parent=billing["billingAccountName"], body=body).execute()
    read = budgets.get(name=made["name"]).execute()
    agrees(read, {"displayName": "Claude", "amount": body["amount"]})
    listed = every(budgets, "budgets", parent=billing["billingAccountName"])
    assert [one["name"] for one in listed] == [made["name"]], listed


STEPS = [
    services,
    service_account,
    project_policy,
    key,
    log_bucket,
    alerts,
    dataset,
    federation,
    endpoint,
    names,
    budget,
]


def run(cloud):
    """How many steps went wrong."""
    wrong = 0
    for step in STEPS:
        try:
            step(cloud)
            print(f"ok       {step.__name__}")
        except HttpError as error:
            if error.status_code == 501:
                print(f"skipped  {step.__name__}: {error.reason}")
                continue
            print(f"WRONG    {step.__name__}: {error}")
            wrong += 1
        except AssertionError as error:
            print(f"WRONG    {step.__name__}: {error}")
            wrong += 1
    for violation in cloud.fake("violations"):
        if not violation.endswith("not implemented by the fake"):
            print(f"WRONG    {violation}")
            wrong += 1
    return wrong


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    documents = Path(discovery_cache.__file__).parent / "documents"
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "port"
        command = [sys.argv[1], "--project", PROJECT, "--port-file", str(told)]
        command += ["--discovery", str(documents), "--until-stdin-closes"]
        fake = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            begun = time.monotonic()
            while not told.is_file() or not told.read_text():
                if fake.poll() is not None or time.monotonic() - begun > PATIENCE:
                    sys.exit("the fake did not start")
                time.sleep(0.05)
            return 1 if run(Cloud(f"http://127.0.0.1:{told.read_text()}")) else 0
        finally:
            fake.stdin.close()
            fake.wait()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env bash
# The main job on a fresh machine (Rust toolchain, Python 3): builds, starts an AWS emulator with a
# VPC and subnets, makes a tenant, shows that a second run has nothing to do, prints what Claude
# Code needs, and cleans up. Then the same in a fake of Google Cloud, where it also repairs what
# somebody has changed by hand. Touches no real account.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
emulator=
google=
finish() {
    if [ -n "$emulator" ]; then kill "$emulator" 2>/dev/null || true; fi
    if [ -n "$google" ]; then kill "$google" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT

run() {
    printf '\n$ groundwork %s\n' "$*"
    "$groundwork" "$@"
}

# That a run says that there is something to do: exit code 3.
differs() {
    local code=0
    run "$@" || code=$?
    [ "$code" = 3 ]
}

if [ -n "${GROUNDWORK_BIN:-}" ]; then
    groundwork=$GROUNDWORK_BIN
else
    echo "building (some minutes the first time)"
    cargo build --locked --quiet
    groundwork=${CARGO_TARGET_DIR:-target}/debug/groundwork
fi
if [ -n "${GROUNDWORK_GOOGLE_BIN:-}" ]; then
    google_cloud=$GROUNDWORK_GOOGLE_BIN
else
    cargo build --locked --quiet --example google_cloud
    google_cloud=${CARGO_TARGET_DIR:-target}/debug/examples/google_cloud
fi

echo "starting the emulator of AWS and the fake of Google Cloud"
# The fake reads Google's own documents, which come with the packages.
tests/support/packages.sh
"$google_cloud" --project my-project --port-file "$work/google-port" >"$work/google.log" 2>&1 &
google=$!
tests/support/emulator.sh --port 0 --port-file "$work/port" >"$work/emulator.log" 2>&1 &
emulator=$!
until [ -s "$work/port" ]; do
    kill -0 "$emulator" 2>/dev/null || { cat "$work/emulator.log" >&2; exit 1; }
    sleep 0.2
done
url="http://127.0.0.1:$(cat "$work/port")"

# Nothing of this machine's own AWS set-up is used.
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION
export AWS_ENDPOINT_URL=$url AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=emulator
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1

# A VPC with two subnets and a security group, which the configuration names.
network=$(python3 - "$url" <<'PYTHON'
import json, sys, urllib.request
body = json.dumps({"account": "123456789012", "region": "us-east-1"}).encode()
made = json.load(urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/_groundwork/vpc", body)))
print(", ".join(made["subnet_ids"]), ", ".join(made["security_group_ids"]), sep="\n")
PYTHON
)
export GROUNDWORK_CONFIG=$work/claude-config.yaml
sed "s/^  # vpc_config:/  vpc_config:/
s/^  #   subnet_ids:.*/    subnet_ids: [$(sed -n 1p <<<"$network")]/
s/^  #   security_group_ids:.*/    security_group_ids: [$(sed -n 2p <<<"$network")]/" \
    examples/claude-config.yaml >"$GROUNDWORK_CONFIG"

run config check
run provision aws --yes
run provision aws --expect-no-changes
run status aws
run env aws
run destroy aws --yes --delete-data

until [ -s "$work/google-port" ]; do
    kill -0 "$google" 2>/dev/null || { cat "$work/google.log" >&2; exit 1; }
    sleep 0.2
done
origin="http://127.0.0.1:$(cat "$work/google-port")"
unset GOOGLE_APPLICATION_CREDENTIALS GOOGLE_CLOUD_QUOTA_PROJECT GCE_METADATA_HOST
export GROUNDWORK_GCP_ENDPOINT_URL="$origin/{api}" GOOGLE_OAUTH_ACCESS_TOKEN=owner-token
export GROUNDWORK_CONFIG=$work/vertex-config.yaml
sed "s/your-project-id/my-project/" examples/vertex-config.yaml >"$GROUNDWORK_CONFIG"

run config check
run provision gcp --yes
run provision gcp --expect-no-changes
printf '\n(somebody changes the role by hand: it may now delete endpoints)\n'
python3 - "$origin" <<'PYTHON'
import json, sys, urllib.request
def ask(what, body=None):
    data = None if body is None else json.dumps(body).encode()
    return json.load(urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/_fake/" + what, data)))
roles = ask("inventory")["iam.roles"]
(name, role), = [(name, role) for name, role in roles.items() if name.endswith("/claude_code_caller")]
role["includedPermissions"].append("aiplatform.endpoints.delete")
ask("store", {"kind": "iam.roles", "name": name, "value": role})
PYTHON
differs status gcp
run provision gcp --yes
run status gcp
run env gcp
run destroy gcp --yes --delete-data
printf '\nthat was the whole life of two tenants; for real accounts and projects see README.md\n'

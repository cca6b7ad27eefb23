#!/usr/bin/env bash
# The fake of Google Cloud by Google's own command line, and our sign-in by it: the given programs
# (the fake, groundwork), a configuration of gcloud of its own, and loopback alone. Where there is no
# gcloud it says so.
set -euo pipefail

fake=$1 groundwork=$2
if ! command -v gcloud >/dev/null; then
    echo "left out: there is no gcloud here"
    exit 0
fi

work=$(mktemp -d)
running=
finish() {
    if [ -n "$running" ]; then kill "$running" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT
"$fake" --project my-project --port-file "$work/port" >"$work/log" 2>&1 &
running=$!
until [ -s "$work/port" ]; do
    kill -0 "$running" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.2
done
origin="http://127.0.0.1:$(cat "$work/port")"
printf owner-token >"$work/token"

# Nothing of this machine's own set-up is seen.
own=(
    HOME="$work" PATH="$PATH" NO_GCE_CHECK=true no_proxy=127.0.0.1
    CLOUDSDK_CONFIG="$work/gcloud" CLOUDSDK_CORE_PROJECT=my-project
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE="$work/token" CLOUDSDK_CORE_CHECK_GCE_METADATA=false
    CLOUDSDK_CORE_DISABLE_PROMPTS=1 CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1
    CLOUDSDK_CORE_DISABLE_FILE_LOGGING=1 CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1
)
for api in serviceusage iam cloudresourcemanager cloudkms logging; do
    own+=("CLOUDSDK_API_ENDPOINT_OVERRIDES_${api^^}=$origin/$api/")
done

step() {
    if ! env -i "${own[@]}" timeout 60 "$@" >"$work/out" 2>&1; then
        echo "failed   $*" >&2
        cat "$work/out" >&2
        exit 1
    fi
    echo "ok       $(basename "$1") ${*:2:4}"
}

step gcloud services enable cloudresourcemanager.googleapis.com iam.googleapis.com \
    cloudkms.googleapis.com logging.googleapis.com
step gcloud iam service-accounts create robot-1 --display-name Robot
step gcloud kms keyrings create ring --location us-east5
step gcloud kms keys create key --keyring ring --location us-east5 --purpose encryption
step gcloud logging buckets create logs --location us-east5 --retention-days 30
step gcloud logging sinks create to-logs \
    logging.googleapis.com/projects/my-project/locations/us-east5/buckets/logs --log-filter 'severity>=ERROR'
step gcloud iam workload-identity-pools create pool-1 --location global

# Our own run, signed in with by gcloud; then gcloud reads what it made.
printf 'vertex_ai:\n  project_id: my-project\n  location: us\n' >"$work/vertex-config.yaml"
own+=("GROUNDWORK_GCP_ENDPOINT_URL=$origin/{api}" "GROUNDWORK_CONFIG=$work/vertex-config.yaml")
step "$groundwork" provision gcp --yes
step "$groundwork" provision gcp --expect-no-changes
step gcloud iam service-accounts describe claude-code-service@my-project.iam.gserviceaccount.com
step gcloud kms keys describe vertex-ai --keyring claude-code --location us-central1
step gcloud logging buckets describe claude-code --location us-central1
step gcloud iam roles describe claude_code_caller --project my-project
grep -q 'aiplatform.endpoints.predict' "$work/out"

violations=$(python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())' \
    "$origin/_fake/violations")
[ "$violations" = "[]" ] || { echo "violations: $violations" >&2; exit 1; }

#!/usr/bin/env python3
"""As round_trip.py, for Google Cloud: against the fake that `cargo build --example google_cloud` builds.

Every call is delayed by 50 ms, so that the chain, not the fake, decides how long a run takes. The call
that signs in counts. Ends with 1 if a run needs more than the design allows.

    cargo build --release && cargo build --example google_cloud
    benches/round_trip_gcp.py [target/release/groundwork [target/debug/examples/google_cloud]]
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROJECT = "acme-ai"
DELAY_MS = 50
# As long as Google's own pages are.
PAGE = 100
SMALL = f"vertex_ai:\n  project_id: {PROJECT}\n  location: us\n"
EVERYTHING = """
vertex_ai:
  project_id: acme-ai
  location: us-east5
  model_name: claude-sonnet-4-5
  small_fast_model_name: claude-haiku-4-5
  network: projects/acme-ai/global/networks/corp
  subnet: projects/acme-ai/regions/us-east5/subnetworks/corp
  private_service_connect: { address: 10.250.0.2, target: all-apis }
  service_account: { key: file, impersonators: ["group:devs@example.com"] }
  workload_identity_federation:
    issuer: https://token.actions.githubusercontent.com
    attribute_mapping: { google.subject: assertion.sub, attribute.repository: assertion.repository }
    attribute_condition: assertion.repository_owner == 'acme'
    attributes: { repository: [acme/app] }
  access: { members: ["group:devs@example.com"] }
  logging:
    request_response: { enabled: true }
    inference_events: true
  monitoring:
    alarms: { tokens_per_hour: 1000000, no_traffic_hours: 4 }
    notify: ["email:devops@example.com", "https://hooks.example.com/s3cret"]
    budget: { billing_account: 0123AB-4567CD-89EF01, monthly_amount: 1000 }
"""
# A first run waits for what Google takes its time for: APIs, agents, pools, models.
CASES = {
    "small": (SMALL, {"first run": None, "nothing to do": 6, "destroy": None}),
    "everything": (EVERYTHING, {"first run": None, "nothing to do": 6, "destroy": None}),
}


def post(url: str, what: str, **body: object) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{url}/_fake/{what}", json.dumps(body).encode())).read()


def count(url: str) -> dict:
    with urllib.request.urlopen(f"{url}/_fake/count") as answer:
        return json.load(answer)


def run(binary: str, folder: str, url: str, *arguments: str) -> float:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "GROUNDWORK_GCP_ENDPOINT_URL": url + "/{api}",
        "GOOGLE_OAUTH_ACCESS_TOKEN": "owner-token",
    }
    began = time.monotonic()
    subprocess.run([binary, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
    return time.monotonic() - began


def measure(binary: str, fake: str, case: str) -> bool:
    text, limits = CASES[case]
    process = subprocess.Popen(
        [fake, "--project", PROJECT, "--until-stdin-closes"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    good = True
    try:
        url = process.stdout.readline().strip().removeprefix("listening on ")
        post(url, "network", name="corp", automatic=False, subnets={"us-east5": "10.0.0.0/24"})
        post(url, "settings", pageCap=PAGE, delay=DELAY_MS)
        print(f"{case:16}{'calls':>7}{'writes':>8}{'chain':>7}{'at most':>9}{'seconds':>9}")
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "vertex-config.yaml").write_text(text)
            for name, arguments in (
                ("first run", ("provision", "gcp", "--yes")),
                ("nothing to do", ("provision", "gcp", "--yes")),
                ("destroy", ("destroy", "gcp", "--yes", "--delete-data")),
            ):
                post(url, "reset")
                took = run(binary, folder, url, *arguments)
                counted, most = count(url), limits[name]
                good = good and (most is None or counted["chain"] <= most)
                print(
                    f"{name:16}{counted['calls']:>7}{counted['writes']:>8}{counted['chain']:>7}"
                    f"{most or '':>9}{took:>9.2f}"
                )
    finally:
        process.stdin.close()
        process.wait()
    return good


def main() -> int:
    given = sys.argv[1:] + ["target/release/groundwork", "target/debug/examples/google_cloud"][len(sys.argv) - 1 :]
    binary, fake = (str((ROOT / path).resolve()) for path in given[:2])
    return 0 if all([measure(binary, fake, case) for case in CASES]) else 1


if __name__ == "__main__":
    sys.exit(main())

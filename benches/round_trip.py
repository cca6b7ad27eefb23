#!/usr/bin/env python3
"""Counts the calls of a run and the longest chain of calls that wait for each other.

Every call is delayed by 50 ms, so that the chain, not the emulator, decides how long a run takes.
A chain is the longest sequence in which each call began after the one before had ended; the call
that signs in is left out. Ends with 1 if a run needs more than the design allows.

    cargo build --release && benches/round_trip.py [target/release/groundwork]
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACCOUNT = "123456789012"
DELAY_MS = 50
SMALL = "bedrock:\n  region: us-east-1\n"
EVERYTHING = """
bedrock:
  region: us-east-1
  inference_profiles:
    - { name: team-a, model_id: us.anthropic.claude-opus-5-5, tags: { team: a } }
    - { name: team-b, model_id: us.anthropic.claude-haiku-5-5 }
  vpc_config:
    subnet_ids: [subnet-12345678, subnet-87654321]
    security_group_ids: [sg-abcdef12]
    additional_services: [sts, logs]
  access:
    oidc: { issuer: "https://idp.example.com", client_ids: [claude-code], groups: [engineering] }
  monitoring:
    alarms: { no_traffic_hours: 4 }
    notify: ["email:devops@example.com", "https://hooks.example.com/s3cret"]
    budget: { monthly_usd: 1000 }
"""
# A first run with endpoints waits for these, as often as AWS takes.
CASES = {
    "small": (SMALL, {"first run": 12, "nothing to do": 4, "destroy": None}),
    "everything": (EVERYTHING, {"first run": None, "nothing to do": 5, "destroy": None}),
}


def post(url: str, what: str, **body: object) -> None:
    body["account"] = ACCOUNT
    request = urllib.request.Request(f"{url}/_groundwork/{what}", json.dumps(body).encode())
    urllib.request.urlopen(request).read()


def summary(url: str) -> dict:
    with urllib.request.urlopen(f"{url}/_groundwork/summary?account={ACCOUNT}") as answer:
        return json.load(answer)


def run(binary: str, folder: str, url: str, *arguments: str) -> float:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": folder,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "emulator",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    began = time.monotonic()
    subprocess.run([binary, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
    return time.monotonic() - began


def measure(binary: str, folder: str, url: str, case: str) -> bool:
    text, limits = CASES[case]
    (pathlib.Path(folder) / "claude-config.yaml").write_text(text)
    post(url, "delay", milliseconds=0)
    # Code that the emulator loads at its first use is not ours to measure.
    run(binary, folder, url, "provision", "aws", "--yes")
    run(binary, folder, url, "destroy", "aws", "--yes", "--delete-data")
    post(url, "delay", milliseconds=DELAY_MS)
    good = True
    print(f"{case:16}{'calls':>7}{'writes':>8}{'chain':>7}{'at most':>9}{'seconds':>9}")
    for name, arguments in (
        ("first run", ("provision", "aws", "--yes")),
        ("nothing to do", ("provision", "aws", "--yes")),
        ("destroy", ("destroy", "aws", "--yes", "--delete-data")),
    ):
        post(url, "reset")
        took = run(binary, folder, url, *arguments)
        counted = summary(url)
        most = limits[name]
        good = good and (most is None or counted["chain"] <= most)
        print(
            f"{name:16}{counted['calls']:>7}{counted['writes']:>8}{counted['chain']:>7}"
            f"{most or '':>9}{took:>9.2f}"
        )
    return good


def main() -> int:
    binary = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/groundwork").resolve())
    emulator = subprocess.Popen(
        [str(ROOT / "tests/support/emulator.sh"), "--port", "0", "--until-stdin-closes"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    try:
        url = emulator.stdout.readline().strip().removeprefix("listening on ")
        with tempfile.TemporaryDirectory() as folder:
            network = {"subnet_ids": ["subnet-12345678", "subnet-87654321"], "security_group_ids": ["sg-abcdef12"]}
            post(url, "vpc", region="us-east-1", **network)
            return 0 if all([measure(binary, folder, url, case) for case in CASES]) else 1
    finally:
        emulator.stdin.close()
        emulator.wait()


if __name__ == "__main__":
    sys.exit(main())

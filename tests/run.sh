#!/usr/bin/env bash
# All checks: format, lints, docs, every test against the emulator and the fake of Google Cloud, and the
# quickstart.
# Needs a Rust toolchain and Python 3; installs the rest, pinned, into .venv and .cache. Shells that the
# machine lacks come from Debian packages, without root.
# With --with-client also Claude Code's own client, in rooms without a network: needs npm (once) and user
# namespaces, on Linux.
set -euo pipefail
cd "$(dirname "$0")/.."

with_client=
for argument in "$@"; do
    case $argument in
        --with-client) with_client=yes ;;
        *) echo "usage: tests/run.sh [--with-client]" >&2; exit 2 ;;
    esac
done

step() { printf '\n== %s\n' "$*" >&2; }

work=$(mktemp -d)
emulator=
finish() {
    local code=$?
    if [ -n "$emulator" ]; then kill "$emulator" 2>/dev/null || true; fi
    # What it says of itself is of use only where something failed.
    if [ "$code" != 0 ] && [ -s "$work/emulator.log" ]; then tail -n 40 "$work/emulator.log" >&2; fi
    rm -rf "$work"
}
trap finish EXIT

step format
cargo fmt --check

step lints
cargo clippy --locked --all-targets -- -D warnings

step docs
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items

step emulator
tests/support/emulator.sh --port 0 --port-file "$work/port" >"$work/emulator.log" 2>&1 &
emulator=$!
until [ -s "$work/port" ]; do
    kill -0 "$emulator" 2>/dev/null || { cat "$work/emulator.log" >&2; exit 1; }
    sleep 0.2
done
export GROUNDWORK_TEST_EMULATOR="http://127.0.0.1:$(cat "$work/port")"

step "the emulator's own checks"
.venv/bin/python -m unittest discover -s tests/support/emulator_check -t tests/support

step "a company's proxy"
tests/support/mitmproxy.sh --install

step shells
tests/support/shells.sh

step build
cargo build --locked --bins --example google_cloud
built=${CARGO_TARGET_DIR:-target}/debug

step "the fake of Google Cloud, by Google's own client"
.venv/bin/python tests/support/google_check.py "$built/examples/google_cloud"

step "the fake of Google Cloud, by gcloud"
tests/support/gcloud_check.sh "$built/examples/google_cloud" "$built/groundwork"

step quickstart
GROUNDWORK_BIN="$built/groundwork" GROUNDWORK_GOOGLE_BIN="$built/examples/google_cloud" examples/quickstart.sh

step tests
if cargo nextest --version >/dev/null 2>&1; then
    # What passes only the second time is told as FLAKY, and is a mistake to be found.
    cargo nextest run --locked --retries 1
else
    cargo test --locked
fi

step "Claude Code's own client"
if [ -z "$with_client" ]; then
    echo "left out: it is fetched and run only by tests/run.sh --with-client"
else
    GROUNDWORK_TEST_CLIENT=$(tests/support/client.sh)
    export GROUNDWORK_TEST_CLIENT
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --test it --run-ignored only -E 'test(/^client(_gateway)?::/)'
    else
        cargo test --locked --test it -- --ignored client
    fi
fi

step "requests against AWS's own models"
.venv/bin/python tests/support/validity.py "$GROUNDWORK_TEST_EMULATOR"

#!/usr/bin/env bash
# Installs the Python packages of the tests into .venv at the top of the repository: the AWS emulator's,
# Google's client with its discovery documents, Anthropic's client, and a provider of identities. Anew only
# when requirements.txt changed.
set -euo pipefail

support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$support/../.." && pwd)
venv=$top/.venv
wanted=$(cksum <"$support/requirements.txt")

# Two may start at once; the second finds the work of the first. The lock ends with this process.
mkdir -p "$top/.cache"
exec 9>"$top/.cache/emulator.lock"
# Where there is no flock, two first starts at once are the user's to avoid.
if command -v flock >/dev/null; then flock 9; fi
if [ "$(cat "$venv/requirements.cksum" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$support/requirements.txt" >&2
  printf '%s\n' "$wanted" >"$venv/requirements.cksum"
fi

#!/usr/bin/env bash
# Starts mitmdump with the tests' addon and the given arguments (see mitmproxy_addon.py beside this file);
# with --install only installs it: into .cache/mitmproxy, anew only when the requirements changed.
set -euo pipefail

support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$support/../.." && pwd)
venv=$top/.cache/mitmproxy
wanted=$(cksum <"$support/mitmproxy_requirements.txt")

mkdir -p "$top/.cache"
(
  # Two may start at once; the second finds the work of the first. Where there is no flock, two first
  # starts at once are the user's to avoid.
  if command -v flock >/dev/null; then flock 9; fi
  if [ "$(cat "$venv/requirements.cksum" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
      -r "$support/mitmproxy_requirements.txt" >&2
    printf '%s\n' "$wanted" >"$venv/requirements.cksum"
  fi
) 9>"$top/.cache/mitmproxy.lock"

if [ "${1-}" = --install ]; then exit; fi
exec "$venv/bin/mitmdump" --quiet --scripts "$support/mitmproxy_addon.py" "$@"

#!/usr/bin/env bash
# Starts the AWS emulator of the tests with the given arguments (see README.md beside this file).
set -euo pipefail

support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$support/../.." && pwd)
"$support/packages.sh"

export PYTHONPATH=$support
exec "$top/.venv/bin/python" -m emulator "$@"

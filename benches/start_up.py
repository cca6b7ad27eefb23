#!/usr/bin/env python3
"""How long `groundwork env` takes, and the ratio to `true` and to a shell that does nothing: it runs in
every new shell.

    cargo build --release && benches/start_up.py [target/release/groundwork]
"""

import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNS = 200
BASH = "bash -c ''"


def once(command: list[str], folder: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env={}, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        sys.exit(f"there is no `{name}` to compare with")
    return found


def main() -> int:
    binary = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/groundwork").resolve()
    true, bash = program("true"), program("bash")
    commands = {
        "true": [true],
        BASH: [bash, "-c", ""],
        "env aws": [str(binary), "env", "aws"],
        "env gcp": [str(binary), "env", "gcp"],
        "env aws --exec": [str(binary), "env", "aws", "--exec", "--", true],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for example in ("claude-config.yaml", "vertex-config.yaml"):
            shutil.copy(ROOT / "examples" / example, folder)
        # In turns, so that whatever else the machine does meets all.
        for _ in range(RUNS):
            for name, command in commands.items():
                times[name].append(once(command, folder))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"{'':16}{'median':>11}{'fastest':>11}{'to true':>9}{'to bash':>9}")
    for name, median in medians.items():
        print(
            f"{name:16}{median * 1000:8.2f} ms{min(times[name]) * 1000:8.2f} ms"
            f"{median / medians['true']:9.2f}{median / medians[BASH]:9.2f}"
        )
    print(f"{'binary':16}{binary.stat().st_size / 2**20:8.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

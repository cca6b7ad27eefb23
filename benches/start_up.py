#!/usr/bin/env python3
"""How long `groundwork env` takes, as a ratio to `true`: it runs in every new shell.

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


def once(command: list[str], folder: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env={}, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> int:
    binary = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/groundwork").resolve()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "examples/claude-config.yaml", folder)
        commands = {"true": [shutil.which("true")], "groundwork env": [str(binary), "env"]}
        times: dict[str, list[float]] = {name: [] for name in commands}
        # In turns, so that whatever else the machine does meets both.
        for _ in range(RUNS):
            for name, command in commands.items():
                times[name].append(once(command, folder))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, median in medians.items():
        print(f"{name:16}{median * 1000:8.2f} ms")
    print(f"{'ratio':16}{medians['groundwork env'] / medians['true']:8.2f}")
    print(f"{'binary':16}{binary.stat().st_size / 2**20:8.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Owns starting and stopping the emulator as a process: `python -m emulator --port 0`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading

from .server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="emulator", description="An AWS emulator on 127.0.0.1 for tests.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", help="write the port to this file, too, once it answers")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the process that started it")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    server = Server(arguments.port)
    port = server.server_address[1]
    for stop in (signal.SIGTERM, signal.SIGINT):
        # Nothing is worth saving, and a held call must not keep the process alive.
        signal.signal(stop, lambda *_: os._exit(0))
    if arguments.until_stdin_closes:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    if arguments.port_file:
        write_whole(arguments.port_file, str(port))
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    server.serve_forever()


def write_whole(path: str, text: str) -> None:
    """Renamed into place, so that whoever waits for the file never reads half of it."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What the gateway costs, side by side with others, in one run: nothing between, nginx and haproxy as plain
proxies, ours (token checked, record written) to Anthropic and to Bedrock, Portkey's gateway, LiteLLM.

    cargo build --release && benches/gateway_tools.sh && benches/gateway.py [--json FILE] [SUBJECT ...]

The subject has one processor; the load and the model's service have the other. All of it is on loopback.
Subjects take turns, round by round, and the best round counts, so that what else the machine does meets
all alike. Processor time is what the system accounts to the subject's processes: it is good even on a
noisy machine, where times of arrival are not. «Added» is the time above that of nothing between, at one
connection. A ratio in brackets is to nginx. What is not there to be measured is named and left out.

Where others want the machine, too, `chrt -r 1 benches/gateway.py` goes before them; the system then stops
both processors for a moment of each second, which the 99th percentile shows.

Loads: a small request; one of 120 KB; a stream of 50 events that come as fast as they can; and one whose
events come one a millisecond, as a model writes, each of which wakes the gateway by itself.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import gateway_subjects as subjects

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
HEADERS = {
    "content-type": "application/json", "accept": "application/json", "anthropic-version": "2023-06-01",
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27",
    "user-agent": "claude-cli/2.1.330 (external, cli)", "x-app": "cli",
    "x-claude-code-session-id": "0f8fad5b-d9cb-469f-a165-70867728950e", "x-stainless-lang": "js",
    "x-stainless-os": "Linux", "x-stainless-arch": "x64", "x-stainless-runtime": "node",
    "x-stainless-runtime-version": "v22.0.0", "x-stainless-retry-count": "0", "x-stainless-timeout": "600",
}
PATH = "/v1/messages?beta=true"
CONNECTIONS = (1, 32, 128)
LONG = 120_000


def body(text: str, stream: bool) -> str:
    asked = {"model": subjects.MODEL, "max_tokens": 1024, "stream": stream,
             "messages": [{"role": "user", "content": text}]}
    return subjects.compact(asked if stream else {key: asked[key] for key in asked if key != "stream"})


CODE = 'fn main() {\n\tprintln!("one line of a file that a tool has read: \\u{e9}");\n}\n'
LOADS = {
    "small": body("Good morning.", False),
    "120 KB": body(CODE * (LONG // len(CODE) - 150), False),
    "stream": body("Good morning.", True),
    "paced stream": body("Write one event a millisecond.", True),
}
SCRIPT = """
wrk.method, wrk.path, wrk.body = "POST", %s, %s
wrk.headers = %s
done = function(summary, latency)
    local errors = summary.errors
    io.write(string.format('\\n{"requests":%%d,"seconds":%%f,"p50":%%f,"p99":%%f,"bad":%%d}\\n', summary.requests,
        summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


class Process:
    """A program that runs on one processor, until the block ends."""

    def __init__(self, subject: subjects.Subject, core: int):
        self.subject, self.core = subject, core

    def __enter__(self) -> "Process":
        command = self.subject.command()
        output = open(self.subject.folder / "output", "wb")
        self.began = time.perf_counter()
        self.child = subprocess.Popen(
            command, cwd=self.subject.folder, env=self.subject.environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, preexec_fn=lambda: os.sched_setaffinity(0, {self.core}),
        )
        output.close()
        return self

    def __exit__(self, *_: object) -> None:
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def tree(self) -> list[int]:
        parents: dict[int, list[int]] = {}
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parents.setdefault(int(after_name(path)[1]), []).append(int(path.parent.name))
        found = [self.child.pid]
        for each in found:
            found.extend(parents.get(each, []))
        return found

    def processor_seconds(self) -> float:
        times = [after_name(pathlib.Path(f"/proc/{each}/stat")) for each in self.tree()]
        return sum(int(fields[11]) + int(fields[12]) for fields in times) / TICK

    def memory(self, what: str) -> float:
        """In MB: VmRSS, or VmHWM for the most that it was."""
        sizes = [pathlib.Path(f"/proc/{each}/status").read_text() for each in self.tree()]
        lines = [line for size in sizes for line in size.splitlines() if line.startswith(what + ":")]
        return sum(int(line.split()[1]) for line in lines) / 1024


def after_name(stat: pathlib.Path) -> list[str]:
    return stat.read_text().rpartition(")")[2].split()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Line:
    """One connection, by which the first byte of an answer's body can be timed."""

    def __init__(self, subject: subjects.Subject, load: str):
        self.socket = socket.create_connection(("127.0.0.1", subject.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        text = LOADS[load].encode()
        head = {"host": f"127.0.0.1:{subject.port}", "content-length": str(len(text)), **HEADERS, **subject.headers}
        lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        self.request = "\r\n".join(lines).encode() + b"\r\n\r\n" + text

    def ask(self) -> tuple[float, bytes]:
        """Milliseconds to the first byte of the body, and the whole answer."""
        began = time.perf_counter()
        self.socket.sendall(self.request)
        got, first, end = b"", 0.0, None
        while True:
            piece = self.socket.recv(1 << 20)
            if not piece:
                raise OSError("the connection was closed: " + got[:300].decode(errors="replace"))
            got += piece
            head, found, rest = got.partition(b"\r\n\r\n")
            if found and rest and not first:
                first = (time.perf_counter() - began) * 1000
            if found and end is None:
                lines = head.lower().split(b"\r\n")
                length = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
                end = length[0] if length else -1
            if end is not None and (len(rest) >= end >= 0 or (end < 0 and rest.endswith(b"0\r\n\r\n"))):
                return first, got


def check(subject: subjects.Subject, load: str) -> str | None:
    """What is wrong with its answer, so that nothing is measured that does not work."""
    try:
        _, got = Line(subject, load).ask()
    except OSError as error:
        return str(error)
    if not got.startswith(b"HTTP/1.1 200"):
        return got[:600].decode(errors="replace")
    if "stream" in load:
        count = got.count(b'"text_delta"')
        return None if count == subjects.EVENTS - 5 else f"{count} events of text have come"
    return None if b"What shall we build" in got else "it is another answer"


def started(process: Process, longest: float) -> str | None:
    """Waits until a request is answered."""
    why: str | None = "it has not begun to listen"
    while time.perf_counter() - process.began < longest and process.child.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", process.subject.port), timeout=1).close()
            why = check(process.subject, "small")
            if why is None:
                return None
        time.sleep(0.005)
    if process.child.poll() is not None:
        why = (process.subject.folder / "output").read_text(errors="replace")[-600:]
    return why


class Load:
    """What is sent, and what it shows."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path):
        self.options, self.folder = options, folder
        self.wrk = options.tools / "root/usr/bin/wrk"
        self.environment = {"LD_LIBRARY_PATH": subjects.libraries(options.tools / "root")}

    def run(self, subject: subjects.Subject, process: Process | None, load: str, connections: int) -> dict:
        script = self.folder / "load.lua"
        quoted = ",".join(f"[{lua(name)}]={lua(value)}" for name, value in {**HEADERS, **subject.headers}.items())
        script.write_text(SCRIPT % (lua(PATH), lua(LOADS[load]), "{" + quoted + "}"))
        before = process.processor_seconds() if process else 0.0
        done = subprocess.run(
            ["taskset", "-c", str(self.options.other), self.wrk, "-t1", f"-c{connections}",
             f"-d{self.options.seconds}s", "--timeout", "60s", "-s", script, f"http://127.0.0.1:{subject.port}"],
            env=self.environment | {"PATH": os.environ["PATH"]}, check=True, capture_output=True, text=True,
        )
        used = (process.processor_seconds() if process else 0.0) - before
        shown = json.loads(done.stdout.strip().splitlines()[-1])
        requests = shown["requests"]
        found = {key: shown[key] for key in ("p50", "p99", "bad")}
        found["per_second"] = requests / shown["seconds"]
        if process and requests:
            found["cpu_us"] = used / requests * 1e6
        return found

    def first_bytes(self, subject: subjects.Subject, load: str) -> float:
        """The median, in milliseconds."""
        os.sched_setaffinity(0, {self.options.other})
        line, times = Line(subject, load), []
        until = time.perf_counter() + self.options.seconds
        while time.perf_counter() < until and len(times) < 2000:
            times.append(line.ask()[0])
        return statistics.median(times)


def lua(text: str) -> str:
    return '"' + "".join(f"\\{byte:03}" for byte in text.encode()) + '"'


# Of several rounds, the one that the machine disturbed least.
BEST = {"per_second": max, "p50": min, "p99": min, "cpu_us": min, "bad": max, "first_byte": min}


def measure(options: argparse.Namespace, folder: pathlib.Path) -> dict:
    service = subjects.Service("service", free_port(), folder / "service", options, 0)
    load = Load(options, folder)
    numbers: dict = {"loads": {}, "process": {}, "left_out": {}}
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(Process(service, options.other))
        why = started(process, 10)
        if why is not None:
            sys.exit(f"the model's service does not answer: {why}")
        running: dict[str, tuple[subjects.Subject, Process | None]] = {}
        for name in options.subjects:
            subject = subjects.SUBJECTS[name](name, free_port(), folder / name, options, service.port)
            if name == "direct":
                subject.port = service.port
                running[name] = (subject, None)
                continue
            why = subject.lacks()
            if why is None:
                process = stack.enter_context(Process(subject, options.core))
                why = started(process, 120)
            if why is not None:
                numbers["left_out"][name] = why
                print(f"{name} is left out: {why}", file=sys.stderr)
                continue
            took = time.perf_counter() - process.began
            numbers["process"][name] = {"start_s": took, "idle_mb": process.memory("VmRSS")}
            running[name] = (subject, process)
        rounds(options, load, running, numbers)
        for name, (_, process) in running.items():
            if process:
                numbers["process"][name]["peak_mb"] = process.memory("VmHWM")
    return numbers


def rounds(options: argparse.Namespace, load: Load, running: dict, numbers: dict) -> None:
    for kind in options.loads:
        of_kind = numbers["loads"][kind] = {}
        works = {}
        for name, (subject, process) in running.items():
            why = check(subject, kind)
            if why is None:
                works[name], of_kind[name] = (subject, process), {}
            else:
                numbers["left_out"][f"{name}, {kind}"] = why
                print(f"{name} is left out of «{kind}»: {why}", file=sys.stderr)
        for _ in range(options.rounds):
            for name, (subject, process) in works.items():
                for connections in options.connections:
                    keep(of_kind[name].setdefault(str(connections), {}), load.run(subject, process, kind, connections))
                if "stream" in kind:
                    keep(of_kind[name], {"first_byte": load.first_bytes(subject, kind)})


def keep(best: dict, found: dict) -> None:
    for key, value in found.items():
        best[key] = BEST[key](best.get(key, value), value)


def table(numbers: dict, connections: list[int]) -> str:
    out = []
    for kind, of_kind in numbers["loads"].items():
        many = [str(count) for count in connections]
        head = ["added median, ms", "99th percentile, ms"] if "1" in many else []
        head += ["first byte added, ms"] if "stream" in kind else []
        head += [f"requests/s at {count}" for count in many] + [f"CPU µs at {count}" for count in many]
        out += ["", f"| {kind} | " + " | ".join(head) + " |", "|---" * (len(head) + 1) + "|"]
        none, nginx = of_kind.get("direct", {}), of_kind.get("nginx", {})
        for name, found in of_kind.items():
            cells = []
            for key in ("p50", "p99") if "1" in many else ():
                cells.append(above(found["1"][key], none.get("1", {}).get(key), nginx.get("1", {}).get(key), name))
            if "stream" in kind:
                cells.append(above(found["first_byte"], none.get("first_byte"), nginx.get("first_byte"), name))
            for key, form in (("per_second", ",.0f"), ("cpu_us", ",.0f")):
                for count in many:
                    cells.append(ratio(found[count].get(key), nginx.get(count, {}).get(key), form))
            bad = sum(found[count]["bad"] for count in many)
            mark = f" ({bad} failed)" if bad else ""
            out.append(f"| {name}{mark} | " + " | ".join(cells) + " |")
    out += ["", "| | memory idle, MB | at most, MB | start, s |", "|---|---|---|---|"]
    nginx = numbers["process"].get("nginx", {})
    for name, found in numbers["process"].items():
        keys = (("idle_mb", ",.1f"), ("peak_mb", ",.1f"), ("start_s", ",.3f"))
        out.append(f"| {name} | " + " | ".join(ratio(found[key], nginx.get(key), form) for key, form in keys) + " |")
    out += [f"\nleft out: {name}: {' '.join(why.split())[:200]}" for name, why in numbers["left_out"].items()]
    return "\n".join(out)


def above(value: float, none: float | None, nginx: float | None, name: str) -> str:
    if name == "direct" or none is None:
        return f"({value:.3f} in all)"
    compared = f" ({(value - none) / (nginx - none):.1f})" if nginx is not None and nginx > none else ""
    return f"{value - none:.3f}{compared}"


def ratio(value: float | None, nginx: float | None, form: str) -> str:
    if value is None:
        return "–"
    return f"{value:{form}}" + (f" ({value / nginx:.2f})" if nginx else "")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(subjects.SUBJECTS))
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/groundwork")
    parser.add_argument("--tools", type=pathlib.Path, default=ROOT / "target/gateway-tools",
                        help="what gateway_tools.sh has gathered")
    parser.add_argument("--loads", nargs="+", choices=list(LOADS), default=list(LOADS), metavar="LOAD",
                        help=", ".join(LOADS))
    parser.add_argument("--connections", nargs="+", type=int, default=list(CONNECTIONS))
    parser.add_argument("--seconds", type=int, default=2, help="for each load (default: 2)")
    parser.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    parser.add_argument("--core", type=int, default=0, help="the subject's processor (default: 0)")
    parser.add_argument("--other", type=int, default=1, help="the load's and the service's processor (default: 1)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="writes the numbers there, too")
    options = parser.parse_args()
    for name in options.subjects:
        if name not in subjects.SUBJECTS:
            parser.error(f"there is no subject «{name}»; there are {', '.join(subjects.SUBJECTS)}")
    options.subjects = options.subjects or list(subjects.SUBJECTS)
    options.binary, options.tools = options.binary.resolve(), options.tools.resolve()
    if not (options.tools / "root/usr/bin/wrk").exists():
        parser.error(f"there is no wrk in {options.tools}; run: benches/gateway_tools.sh {options.tools}")
    return options


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # Without ours there is no token to check; the others take any.
        options.token, options.keys = "none", None
        if options.binary.exists():
            options.token, options.keys = subjects.token(options.binary, folder)
        numbers = measure(options, folder)
    print(table(numbers, options.connections))
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

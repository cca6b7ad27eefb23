"""What `gateway.py` measures: each subject as a program with a configuration, and the model's service that
is behind all of them."""

import base64
import json
import os
import pathlib
import shutil
import struct
import subprocess
import zlib

MODEL = "claude-opus-5-5"
EVENTS = 50
ANSWER = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "Good morning. What shall we build today?"}],
    "usage": {"input_tokens": 12, "output_tokens": 9, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
}


def events() -> list[dict]:
    start = {**ANSWER, "content": [], "stop_reason": None}
    delta = {"type": "content_block_delta", "index": 0,
             "delta": {"type": "text_delta", "text": "a piece of text, as long as most are"}}
    return [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[delta] * (EVENTS - 5),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 400}},
        {"type": "message_stop"},
    ]


def sse(event: dict) -> bytes:
    return f"event: {event['type']}\ndata: {compact(event)}\n\n".encode()


def frame(event: dict) -> bytes:
    """As Bedrock sends an event."""
    payload = compact({"bytes": base64.b64encode(compact(event).encode()).decode(), "p": "abcdefghijklm"}).encode()
    head = b""
    for name, value in ((":event-type", "chunk"), (":content-type", "application/json"), (":message-type", "event")):
        head += bytes([len(name)]) + name.encode() + b"\7" + struct.pack(">H", len(value)) + value.encode()
    out = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    out += struct.pack(">I", zlib.crc32(out)) + head + payload
    return out + struct.pack(">I", zlib.crc32(out))


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def lua(pieces: list[bytes]) -> str:
    return "{" + ",".join('"' + "".join(f"\\{byte:03}" for byte in piece) + '"' for piece in pieces) + "}"


# The service answers once it has the whole request, as a model does. It sends each event by itself.
SERVICE = """
ngx.req.read_body()
local body = ngx.req.get_body_data() or ""
local frames = ngx.var.uri:sub(-28) == "/invoke-with-response-stream"
local function has(text) return body:find(text, 1, true) end
if not frames and not has('"stream":true') and not has('"stream": true') then
    ngx.header["content-type"] = "application/json"
    ngx.header["content-length"] = #ANSWER
    ngx.print(ANSWER)
    return
end
ngx.header["content-type"] = frames and "application/vnd.amazon.eventstream" or "text/event-stream"
local pause = has("one event a millisecond")
for number, piece in ipairs(frames and FRAMES or SSE) do
    if pause and number > 1 then ngx.sleep(0.001) end
    ngx.print(piece)
    ngx.flush(false)
end
"""

# Its worker reads files that only who measures may read.
USER = "user root;" if os.geteuid() == 0 else ""
NGINX = USER + """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
{modules}
worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 1h;
    client_max_body_size 64m;
    client_body_buffer_size 1m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
}}
"""

PROXY = """
upstream model {{ server 127.0.0.1:{service}; keepalive 256; keepalive_requests 100000000; }}
server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
        proxy_pass http://model;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_buffering off;
    }}
}}
"""

HAPROXY = """
global
    maxconn 4096
    nbthread 1
defaults
    mode http
    option http-keep-alive
    option http-no-delay
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:{port}
    default_backend model
backend model
    server model 127.0.0.1:{service}
"""

GROUNDWORK = """
listen: {{address: '127.0.0.1:{port}'}}
operations: {{address: '127.0.0.2:0'}}
access:
  issuers:
    - {{issuer: '{issuer}', audiences: [claude-code], jwks_file: keys.json, algorithms: [ES256]}}
upstreams:
  service: {{{upstream}}}
models:
  {model}:
    targets: [{{upstream: service, model: {there}}}]
access_log: {{file: access.log}}
"""

LITELLM = """
model_list:
  - model_name: {model}
    litellm_params: {{model: anthropic/{model}, api_base: 'http://127.0.0.1:{service}', api_key: ours}}
general_settings: {{master_key: sk-measured}}
litellm_settings: {{telemetry: false}}
"""


class Subject:
    """A program to measure."""

    def __init__(self, name: str, port: int, folder: pathlib.Path, options: object, service: int):
        self.name, self.port, self.folder = name, port, folder
        self.options, self.service = options, service
        self.tools = options.tools
        self.root = self.tools / "root"
        folder.mkdir(parents=True)
        self.headers: dict[str, str] = {"authorization": "Bearer " + options.token}
        # Nothing of whoever measures gets in.
        self.environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder),
                            "LD_LIBRARY_PATH": libraries(self.root)}

    def lacks(self) -> str | None:
        """Why it cannot be measured here."""
        return None

    def command(self) -> list[str]:
        """How it is started, with the files that it wants."""
        return []

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)


class Direct(Subject):
    """Nothing between."""


class Nginx(Subject):
    """A plain reverse proxy that reads nothing and logs nothing."""

    def lacks(self) -> str | None:
        return None if (self.root / "usr/sbin/nginx").exists() else "there is no nginx"

    def command(self) -> list[str]:
        text = NGINX.format(folder=self.folder, modules="", http=PROXY.format(port=self.port, service=self.service))
        return [str(self.root / "usr/sbin/nginx"), "-e", str(self.folder / "error.log"),
                "-p", str(self.folder), "-c", self.write("nginx.conf", text)]


class Service(Subject):
    """The model's service."""

    def command(self) -> list[str]:
        modules = self.root / "usr/lib/nginx/modules"
        load = "".join(f"load_module {modules}/{name}.so;\n" for name in ("ndk_http_module", "ngx_http_lua_module"))
        values = f"ANSWER = ({lua([compact(ANSWER).encode()])})[1]\nSSE = {lua([sse(event) for event in events()])}\n"
        values += f"FRAMES = {lua([frame(event) for event in events()])}\n"
        http = f"""
            lua_package_path "{self.root}/usr/share/lua/5.1/?.lua;;";
            init_by_lua_file {self.write('values.lua', values)};
            server {{
                listen 127.0.0.1:{self.port} backlog=4096;
                location / {{ content_by_lua_file {self.write('service.lua', SERVICE)}; }}
            }}"""
        text = NGINX.format(folder=self.folder, modules=load, http=http)
        return [str(self.root / "usr/sbin/nginx"), "-e", str(self.folder / "error.log"),
                "-p", str(self.folder), "-c", self.write("nginx.conf", text)]


class Haproxy(Subject):
    """A plain reverse proxy, as nginx."""

    def lacks(self) -> str | None:
        return None if (self.root / "usr/sbin/haproxy").exists() else "there is no haproxy"

    def command(self) -> list[str]:
        text = HAPROXY.format(port=self.port, service=self.service)
        return [str(self.root / "usr/sbin/haproxy"), "-db", "-f", self.write("haproxy.cfg", text)]


class Groundwork(Subject):
    """Ours: the token is checked, and a record of each request written to a file."""

    upstream = "anthropic: {{base_url: 'http://127.0.0.1:{service}', api_key: ours}}"
    there = MODEL

    def lacks(self) -> str | None:
        return None if self.options.binary.exists() else f"there is no {self.options.binary}"

    def command(self) -> list[str]:
        shutil.copy(self.options.keys, self.folder / "keys.json")
        self.environment |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s3cret",
                             "AWS_EC2_METADATA_DISABLED": "true"}
        text = GROUNDWORK.format(port=self.port, issuer="https://groundwork.localhost", model=MODEL, there=self.there,
                                 upstream=self.upstream.format(service=self.service))
        return [str(self.options.binary), "gateway", "serve", "-c", self.write("gateway.yaml", text)]


class ToBedrock(Groundwork):
    """The same, signed and re-framed."""

    upstream = "bedrock: {{region: us-east-1, endpoint_url: 'http://127.0.0.1:{service}'}}"
    there = "us.anthropic." + MODEL


class Litellm(Subject):
    """Its proxy with one key and without a database."""

    def lacks(self) -> str | None:
        return None if (self.tools / "litellm/bin/litellm").exists() else "there is no LiteLLM"

    def command(self) -> list[str]:
        self.headers = {"authorization": "Bearer sk-measured"}
        del self.environment["LD_LIBRARY_PATH"]
        self.environment |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "NO_PROXY": "*"}
        text = LITELLM.format(model=MODEL, service=self.service)
        return [str(self.tools / "litellm/bin/litellm"), "--config", self.write("config.yaml", text),
                "--host", "127.0.0.1", "--port", str(self.port), "--num_workers", "1"]


class Portkey(Subject):
    """Its open gateway."""

    place = "npm/node_modules/@portkey-ai/gateway/build/start-server.js"

    def lacks(self) -> str | None:
        if shutil.which("node") is None:
            return "there is no node"
        return None if (self.tools / self.place).exists() else "there is no gateway of Portkey's"

    def command(self) -> list[str]:
        del self.environment["LD_LIBRARY_PATH"]
        self.environment |= {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"}
        self.headers = {"x-api-key": "ours", "x-portkey-provider": "anthropic",
                        "x-portkey-custom-host": f"http://127.0.0.1:{self.service}/v1"}
        return ["node", str(self.tools / self.place), f"--port={self.port}", "--headless"]


SUBJECTS: dict[str, type[Subject]] = {
    "direct": Direct, "nginx": Nginx, "haproxy": Haproxy, "groundwork": Groundwork, "groundwork-bedrock": ToBedrock,
    "portkey": Portkey, "litellm": Litellm,
}


def libraries(root: pathlib.Path) -> str:
    return ":".join(str(folder) for folder in [*root.glob("usr/lib/*-linux-gnu"), *root.glob("lib/*-linux-gnu")])


def token(binary: pathlib.Path, folder: pathlib.Path) -> tuple[str, pathlib.Path]:
    """A caller's token, and the file with the keys that it is checked with."""
    made = subprocess.run(
        [binary, "gateway", "token", "--signing-key", folder / "key.pem", "--user", "ada@example.com",
         "--group", "engineering", "--minutes", "600"],
        cwd=folder, env={"HOME": str(folder)}, check=True, capture_output=True, text=True,
    )
    return made.stdout.strip(), folder / "key.jwks.json"

"""Makes mitmproxy a company's proxy in front of emulated clouds. Nothing leaves loopback.

Options (`--set NAME=VALUE`):

    aws=HOST:PORT       where calls for *.amazonaws.com go, and those for 10.9.9.9
    google=HOST:PORT    where calls for *.googleapis.com go: the API's name becomes the path's first part
    tunnels=NAME=HOST:PORT[,..]   these are let through unread, to there
    refused=NAME[,..]   a CONNECT or a call for these is answered with 403 and a page of the company's
    record=FILE         a JSON line for each CONNECT and each call

When it listens, it says `listening on HOST:PORT`. It ends when its standard input does.
"""

import json
import os
import sys
import threading

from mitmproxy import ctx, http

PAGE = b"<html><h1>Blocked by Example Corp</h1><p>Category: not approved</p></html>"
LOOPBACK = ("127.0.0.1", "::1")
# An address that nobody has: it stands for an endpoint that only the proxy can reach.
BEYOND = "10.9.9.9"


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


class Company:
    def load(self, loader):
        for name in ("aws", "google", "tunnels", "refused", "record"):
            loader.add_option(name, str, "", "see the addon")

    def running(self):
        listening = ctx.master.addons.get("proxyserver").listen_addrs()
        if listening:
            print("listening on {}:{}".format(*listening[0][:2]), flush=True)
        threading.Thread(target=self._end_with_input, daemon=True).start()

    def _end_with_input(self):
        sys.stdin.buffer.read()
        os._exit(0)

    def _listed(self, name):
        return [item for item in getattr(ctx.options, name).split(",") if item]

    def _tunnel(self, host):
        for item in self._listed("tunnels"):
            name, _, to = item.partition("=")
            if name == host:
                return address(to)
        return None

    def _record(self, kind, flow, host):
        if not ctx.options.record:
            return
        certificates = flow.client_conn.certificate_list
        line = {
            "kind": kind,
            "host": host,
            "method": flow.request.method,
            "path": flow.request.path,
            "http": flow.request.http_version,
            "connection": flow.client_conn.id,
            "client": certificates[0].cn if certificates else None,
        }
        with open(ctx.options.record, "a") as record:
            record.write(json.dumps(line) + "\n")

    def _refuse(self, flow, host):
        if host in self._listed("refused"):
            flow.response = http.Response.make(403, PAGE, {"content-type": "text/html"})
        return flow.response is not None

    def http_connect(self, flow):
        self._record("connect", flow, flow.request.host)
        self._refuse(flow, flow.request.host)

    def tls_clienthello(self, data):
        asked = data.context.server.address
        if asked and self._tunnel(asked[0]):
            data.ignore_connection = True

    def server_connect(self, data):
        host = data.server.address[0]
        to = self._tunnel(host)
        if to:
            data.server.address = to
        elif host not in LOOPBACK:
            data.server.error = f"{host} is not to be reached from a test"

    def request(self, flow):
        request = flow.request
        host, named = request.host, request.host_header
        self._record("call", flow, host)
        if flow.response or self._refuse(flow, host):
            return
        if (host.endswith(".amazonaws.com") or host == BEYOND) and ctx.options.aws:
            self._send(request, ctx.options.aws)
            if host != BEYOND:
                # The emulator knows the service by it.
                request.host_header = named
        elif host.endswith(".googleapis.com") and ctx.options.google:
            request.path = "/" + host.removesuffix(".googleapis.com") + request.path
            self._send(request, ctx.options.google)
        elif host not in LOOPBACK:
            flow.response = http.Response.make(502, b"there is no such host here")

    def _send(self, request, to):
        request.scheme = "http"
        request.host, request.port = address(to)


addons = [Company()]

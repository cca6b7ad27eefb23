"""Owns the wire: HTTP/1.1 on loopback, a thread a connection, which is kept for the client's next call.

werkzeug's own server closes after every answer; SDKs keep their connections, and a connection that dies
is one of the things under test. So this reads requests itself, and can close or reset at will.
"""

from __future__ import annotations

import json
import logging
import socket
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import control
from .call import Answer, Call
from .life import Cloud, Dropped

LOG = logging.getLogger("emulator")

# The connection decides these, not the application.
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1 only."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.cloud = Cloud()
        self.abrupt: set[int] = set()

    def shutdown_request(self, request: Any) -> None:
        if request.fileno() in self.abrupt:
            self.abrupt.discard(request.fileno())
            # No lingering, and no orderly shutdown before the close: the peer sees a reset.
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients under test are killed in the middle of calls; anything else is a mistake here.
        broken = isinstance(sys.exception(), ConnectionError)
        LOG.log(logging.DEBUG if broken else logging.ERROR, "connection of %s broke", client_address, exc_info=True)


class Connection(BaseHTTPRequestHandler):
    """One client's connection and the calls that come through it."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self) -> None:
        call = Call(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, self._body())
        try:
            if control.is_mine(call.path):
                answer = control.serve(self.server.cloud.accounts, call)
            else:
                answer = self.server.cloud.serve(call)
        except Dropped as dropped:
            self.close_connection = True
            if dropped.abruptly:
                self.server.abrupt.add(self.connection.fileno())
            return
        self._send(answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = serve

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if answer.status >= 200 and answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        # Head and body in one write: two would wait for each other's acknowledgement.
        self._headers_buffer.append(b"\r\n" + (b"" if answer.status == 204 else answer.body))
        self.flush_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the record is the log."""

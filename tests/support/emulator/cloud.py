"""Owns moto: its application in this process, the lock around it, and the way to its data.

One lock for everything: moto keeps some of its data across accounts (bucket names, for one) and is not
written for threads. It costs nothing, as moto's work is Python and would not run in parallel anyway.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from botocore.model import OperationNotFoundError
from flask import Flask
from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException
from werkzeug.test import run_wsgi_app

from . import bridge, protocol
from .call import Answer, Call
from .failure import Failure

# Loaded before the first call. Others (ec2: a second and 100 MiB) are when somebody first asks for them.
LOADED = ("iam", "sts", "kms", "logs", "s3", "bedrock")
GLOBAL = {"iam", "s3", "sts"}
LOCK = threading.RLock()
LOG = logging.getLogger("emulator")


def backend(service: Any, account: str, region: str) -> Any:
    """moto's data of one service in one account and region; hold LOCK while using it."""
    return get_backend(service)[account][get_partition(region) if service in GLOBAL else region]


def _application(service: Any) -> Flask:
    app = create_backend_app(service)
    # With moto's debugging on, a client's odd request is answered with a debugger's page.
    app.debug = False
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


class Moto:
    """moto's own application."""

    def __init__(self) -> None:
        self._application = DomainDispatcherApplication(_application)
        self._application.app_instances |= {service: _application(service) for service in LOADED}

    def serve(self, call: Call) -> Answer:
        """moto's answer, in the protocol of the call."""
        if call.headers.get("smithy-protocol") == protocol.CBOR_HEADER:
            return bridge.serve(call, self._served)
        return self._served(call)

    def _served(self, call: Call) -> Answer:
        """moto's answer. A call that moto does not have is an error that no SDK tries again."""
        try:
            body, status, headers = run_wsgi_app(self._application, call.environ(), buffered=True)
        except (NotImplementedError, OperationNotFoundError) as error:
            raise Failure("EmulatorLacksThis", f"the emulator does not have {call.operation}") from error
        except (HTTPException, AttributeError, KeyError, TypeError, ValueError) as error:
            LOG.exception("moto could not serve %s", call.operation)
            raise Failure("EmulatorLacksThis", f"the emulator cannot serve {call.operation}: {error!r}") from error
        answer = Answer(int(status.split()[0]), {k.lower(): v for k, v in headers.items()}, b"".join(body))
        lacks = answer.status in (404, 405, 500, 501) and "text/html" in answer.headers.get("content-type", "")
        if lacks and b"<!doctype html" in answer.body.lower():
            raise Failure("EmulatorLacksThis", f"the emulator does not have {call.operation}")
        return answer

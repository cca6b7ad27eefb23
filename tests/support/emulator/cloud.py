"""Owns moto: its application in this process, the lock around it, and the way to its data.

One lock for everything: moto keeps some of its data across accounts (bucket names, for one) and is not
written for threads. It costs nothing, as moto's work is Python and would not run in parallel anyway.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException
from werkzeug.test import run_wsgi_app

from .call import Answer, Call
from .failure import Failure

LOADED = ("iam", "sts", "kms", "logs", "s3", "bedrock", "ec2")
GLOBAL = {"iam", "s3", "sts"}
LOCK = threading.RLock()
LOG = logging.getLogger("emulator")


def backend(service: str, account: str, region: str) -> Any:
    """moto's data of one service in one account and region; hold LOCK while using it."""
    return get_backend(service)[account][get_partition(region) if service in GLOBAL else region]  # type: ignore[arg-type]


class Moto:
    """moto's own application, with the services that we use loaded before the first call."""

    def __init__(self) -> None:
        self._application = DomainDispatcherApplication(create_backend_app)
        for service in LOADED:
            app = create_backend_app(service)  # type: ignore[arg-type]
            # Otherwise a client's odd request is answered with a debugger's page.
            app.debug = False
            app.config["PROPAGATE_EXCEPTIONS"] = True
            self._application.app_instances[service] = app

    def serve(self, call: Call) -> Answer:
        """moto's answer. A call that moto does not have is an error that no SDK tries again."""
        try:
            body, status, headers = run_wsgi_app(self._application, call.environ(), buffered=True)
        except (NotImplementedError, HTTPException, AttributeError, KeyError, TypeError, ValueError) as error:
            LOG.exception("moto could not serve %s", call.operation)
            raise Failure("EmulatorLacksThis", f"the emulator cannot serve {call.operation}: {error!r}") from error
        answer = Answer(int(status.split()[0]), {k.lower(): v for k, v in headers.items()}, b"".join(body))
        lacks = answer.status in (404, 405, 500, 501) and "text/html" in answer.headers.get("content-type", "")
        if lacks and b"<!doctype html" in answer.body.lower():
            raise Failure("EmulatorLacksThis", f"the emulator does not have {call.operation}")
        return answer

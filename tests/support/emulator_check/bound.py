"""Owns what the checks of rights share: callers that are bound to a policy, and what they are told."""

from __future__ import annotations

import json
from typing import Any

from botocore.config import Config

from .case import REGION, SESSION, EmulatorCase, allow, document

NAME = "provisioner"
OWNED = {"StringEquals": {"aws:ResourceTag/owner": "groundwork"}}
GIVEN = {"StringEquals": {"aws:RequestTag/owner": "groundwork"}}
EVERYTHING = allow("*", "*")


class Bound(EmulatorCase):
    """Callers whose session token names a policy."""

    def bound(self, service: str, *statements: dict[str, Any], name: str = NAME, region: str = REGION) -> Any:
        if statements:
            self.bind(*statements, name=name)
        client = SESSION.create_client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=self.account,
            aws_secret_access_key="secret",
            aws_session_token=name,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),  # type: ignore[arg-type]
        )
        self.addCleanup(client.close)
        return client

    def bind(self, *statements: dict[str, Any], name: str = NAME) -> None:
        named = [
            statement if "Sid" in statement else {"Sid": f"S{n}"} | statement
            for n, statement in enumerate(statements, 1)
        ]
        self.tell("policy", name=name, document=json.loads(document(*named)))

    def used(self, name: str = NAME) -> dict[str, dict[str, int]]:
        return dict(self.ask("entitlement")["used"].get(name, {}))

    def denied(self, action: str, resource: str, call: Any, code: str = "AccessDenied", **arguments: Any) -> None:
        words = self.refused(code, call, **arguments)
        self.assertIn(
            f"arn:aws:sts::{self.account}:assumed-role/{NAME}/test is not authorized to perform: {action}", words
        )
        if resource:
            self.assertIn(f"on resource: {resource}", words.replace('"', ""))
        told = self.ask("entitlement")["refusals"][-1]
        self.assertEqual((told["policy"], told["action"]), (NAME, action))

    def arn(self, service: str, resource: str, region: str = REGION) -> str:
        return f"arn:aws:{service}:{region}:{self.account}:{resource}"

    def tearDown(self) -> None:
        self.assertEqual(self.ask("entitlement")["astray"], [])

"""Owns what the tests share: a running emulator, clients for it, and documents to send."""

from __future__ import annotations

import json
import subprocess
import sys
import unittest
import urllib.parse
import urllib.request
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import botocore.model
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

# Loading AWS's service models is what takes long, and a session keeps them.
SESSION = botocore.session.get_session()
REGION = "us-east-1"
ACCOUNTS = (f"{number:012d}" for number in count(100000000001))
GROUP = "/aws/bedrock/claude-code"
TAGS = [{"Key": "owner", "Value": "groundwork"}]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = None, principal: Any = None, **condition: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action}
    if resource is not None:
        statement["Resource"] = resource
    if principal is not None:
        statement["Principal"] = principal
    if condition:
        statement["Condition"] = condition
    return statement


class EmulatorCase(unittest.TestCase):
    """One emulator for all; an account of its own for each test."""

    process: subprocess.Popen[str]
    url: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "--port", "0", "--until-stdin-closes"],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert cls.process.stdout
        cls.url = cls.process.stdout.readline().rpartition(" ")[2].strip()

    @classmethod
    def tearDownClass(cls) -> None:
        assert cls.process.stdin and cls.process.stdout
        cls.process.stdin.close()
        cls.process.wait(10)
        cls.process.stdout.close()

    def setUp(self) -> None:
        self.account = next(ACCOUNTS)
        self.root = f"arn:aws:iam::{self.account}:root"
        self.trust = document(allow("sts:AssumeRole", principal={"AWS": self.root}))

    def client(
        self,
        service: str,
        account: str | None = None,
        region: str = REGION,
        attempts: int = 1,
        token: str | None = None,
    ) -> Any:
        """Not for threads: a session makes one client at a time."""
        retries = {"total_max_attempts": attempts, "mode": "standard"}
        client = SESSION.create_client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=account or self.account,
            aws_secret_access_key="secret",
            aws_session_token=token,
            config=Config(retries=retries, s3={"addressing_style": "path"}),  # type: ignore[arg-type]
        )
        self.addCleanup(client.close)
        return client

    def cbor_client(self, service: str, **more: Any) -> Any:
        """One that speaks as the Rust SDK does; botocore would rather speak JSON."""
        with patch.object(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", ("smithy-rpc-v2-cbor",)):
            client = self.client(service, **more)
            # It is remembered with the first question.
            assert client.meta.service_model.resolved_protocol == "smithy-rpc-v2-cbor"
        return client

    def ask(self, endpoint: str, /, **query: Any) -> Any:
        query = {"account": self.account, "region": REGION} | query
        with urllib.request.urlopen(f"{self.url}/_groundwork/{endpoint}?{urllib.parse.urlencode(query)}") as answer:
            return json.load(answer)

    def tell(self, endpoint: str, /, **body: Any) -> Any:
        data = json.dumps({"account": self.account, "region": REGION} | body).encode()
        with urllib.request.urlopen(f"{self.url}/_groundwork/{endpoint}", data=data) as answer:
            return json.load(answer)

    def refused(self, code: str, call: Any, **arguments: Any) -> str:
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response["Error"].get("Message", "")

    def key_policy(self, *more: dict[str, Any]) -> str:
        return document(allow("kms:*", "*", {"AWS": self.root}), *more)

    def logs_key(self) -> str:
        uses = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        arn = f"arn:aws:logs:{REGION}:{self.account}:log-group:{GROUP}"
        for_group = {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arn}}
        lets_logs = allow(uses, "*", {"Service": f"logs.{REGION}.amazonaws.com"}, **for_group)
        return self.client("kms").create_key(Policy=self.key_policy(lets_logs))["KeyMetadata"]["Arn"]

"""Owns the check of faults, the record and the chain."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ConnectionClosedError, HTTPClientError

from .case import REGION, EmulatorCase


class Injection(EmulatorCase):
    """Faults, the record and the chain."""

    def fault(self, kind: str, **more: Any) -> None:
        self.tell("fault", kind=kind, **more)

    def test_a_lost_answer_has_taken_effect(self) -> None:
        self.fault("lost", operation="kms.CreateKey")
        with self.assertRaises((ConnectionClosedError, HTTPClientError)):
            self.client("kms").create_key()
        self.assertEqual(len(self.ask("inventory")["keys"]), 1)
        self.assertEqual([(c["fault"], c["status"]) for c in self.ask("calls")], [("lost", None)])

    def test_a_reset_has_no_effect(self) -> None:
        self.fault("reset", nth=1)
        with self.assertRaises((ConnectionClosedError, HTTPClientError)):
            self.client("kms").create_key()
        self.assertEqual(self.ask("inventory")["keys"], [])

    def test_an_sdk_that_tries_again_makes_two_keys_of_a_lost_answer(self) -> None:
        self.fault("lost", nth=1)
        self.client("kms", attempts=3).create_key()
        self.assertEqual(len(self.ask("inventory")["keys"]), 2)

    def test_a_held_call_has_taken_effect_and_is_let_go(self) -> None:
        self.fault("hold", operation="kms.CreateKey")
        failed: list[Exception] = []
        kms = self.client("kms")

        def create() -> None:
            try:
                kms.create_key()
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=create)
        thread.start()
        self.assertEqual(self.ask("held"), {"held": True, "operation": "kms.CreateKey"})
        self.assertEqual(len(self.ask("inventory")["keys"]), 1)
        self.assertIsNone(self.ask("calls")[0]["end_ms"])
        self.assertEqual(self.tell("release"), {"released": 1})
        thread.join()
        self.assertEqual(len(failed), 1)

    def test_errors_come_in_each_services_own_words(self) -> None:
        calls = {
            "iam": ("list_roles", "ServiceFailure", "Throttling"),
            "sts": ("get_caller_identity", "InternalFailure", "Throttling"),
            "kms": ("list_keys", "KMSInternalException", "ThrottlingException"),
            "logs": ("describe_log_groups", "InternalFailure", "ThrottlingException"),
            "s3": ("list_buckets", "InternalError", "SlowDown"),
            "ec2": ("describe_vpcs", "InternalError", "RequestLimitExceeded"),
            "bedrock": ("get_model_invocation_logging_configuration", "InternalServerException", "ThrottlingException"),
        }
        for service, (name, internal, throttle) in calls.items():
            with self.subTest(service):
                call = getattr(self.client(service), name)
                for kind, code in (("internal", internal), ("throttle", throttle), ("error", "AccessDenied")):
                    self.tell("reset")
                    self.fault(kind, nth=1, code="AccessDenied", message="<no> & no", status=403)
                    words = self.refused(code, call)
                    self.assertEqual(words == "<no> & no", kind == "error")
                call()

    def test_a_fault_hits_as_often_as_it_says(self) -> None:
        self.fault("throttle", operation="iam.ListRoles", nth=2, times=2)
        iam = self.client("iam")
        iam.list_roles()
        iam.list_users()
        for _ in range(2):
            self.refused("Throttling", iam.list_roles)
        iam.list_roles()

    def test_the_record_tells_operations_and_writes(self) -> None:
        s3, name = self.client("s3"), f"record-{self.account}"
        s3.create_bucket(Bucket=name)
        s3.get_bucket_encryption(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self.client("sts").get_caller_identity()
        told = [(c["n"], c["operation"], c["writes"], c["status"], c["region"]) for c in self.ask("calls")]
        self.assertEqual(
            told,
            [
                (1, "s3.CreateBucket", True, 200, REGION),
                (2, "s3.GetBucketEncryption", False, 200, REGION),
                (3, "s3.PutBucketVersioning", True, 200, REGION),
                (4, "sts.GetCallerIdentity", False, 200, REGION),
            ],
        )
        self.tell("reset")
        self.assertEqual(self.ask("calls"), [])

    def test_the_chain_counts_calls_one_after_another_and_not_side_by_side(self) -> None:
        kms = self.client("kms")
        kms.list_keys()
        self.fault("hold", operation="kms.CreateKey", times=4)
        clients = [self.client("kms") for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            # The four overlap for certain: none is let go before all have begun.
            waiting = [pool.submit(one.create_key) for one in clients]
            while len([c for c in self.ask("calls") if c["operation"] == "kms.CreateKey"]) < 4:
                self.ask("held")
            while not all(future.done() for future in waiting):
                self.tell("release")
        self.client("sts").get_caller_identity()
        kms.list_aliases()
        told = self.ask("summary")
        self.assertEqual((told["calls"], told["writes"], told["chain"]), (7, 4, 3))
        self.assertEqual(told["chain_operations"], ["kms.ListKeys", "kms.CreateKey", "kms.ListAliases"])

    def test_a_delay_is_added_to_each_call_of_the_account(self) -> None:
        self.tell("delay", milliseconds=40)
        self.client("kms").list_keys()
        call = self.ask("calls")[0]
        self.assertGreaterEqual(call["end_ms"] - call["start_ms"], 40)

    def test_a_connection_serves_many_calls(self) -> None:
        kms = self.client("kms")
        for _ in range(3):
            kms.list_keys()
        pools = kms._endpoint.http_session._manager.pools
        self.assertEqual([pools[key].num_connections for key in pools.keys()], [1])

"""Owns the corrections to moto's STS: the caller's ARN.

AWS names a user by its IAM ARN; moto makes it an STS one, which is no principal that a policy could name.
"""

from __future__ import annotations

from ..call import Answer, Call


def iam_user(call: Call, answer: Answer) -> Answer:
    wrong = f":sts::{call.account}:user/".encode()
    answer.body = answer.body.replace(wrong, f":iam::{call.account}:user/".encode())
    return answer


AFTER = {"GetCallerIdentity": iam_user}

"""Owns the correction to moto's EC2: it prints a Python set where the absent security group's id belongs."""

from __future__ import annotations

import re

from ..call import Answer, Call


def plain_id(call: Call, answer: Answer) -> Answer:
    answer.body = re.sub(rb"\{'(sg-[0-9a-z]+)'[^}]*\}", rb"\1", answer.body)
    answer.body = re.sub(rb"\{(?:&#39;|&apos;)(sg-[0-9a-z]+)(?:&#39;|&apos;)[^}]*\}", rb"\1", answer.body)
    return answer


AFTER_FAILURE = {"DescribeSecurityGroups": plain_id}

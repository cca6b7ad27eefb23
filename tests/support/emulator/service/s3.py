"""Owns what S3 does and moto does not: who owns a bucket, what a new one has, and which policies it takes."""

from __future__ import annotations

from typing import Any

import xmltodict
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, PublicAccessBlock, s3_backends

from .. import policy
from ..call import Answer, Call
from ..cloud import backend
from ..failure import Failure

MOST_DELETED = 1000
SSE_S3 = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


def permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What a bucket's policy says of its own account's call.

    moto's own reading passes over conditions, so a policy that denies plain HTTP would close the bucket to
    everybody. Our wire has no TLS and stands for one that has.
    """
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    context = {"aws:SecureTransport": "true", "aws:PrincipalAccount": bucket.account_id}
    wish = policy.Request(action, resource, account=bucket.account_id, context=context)
    effect = policy.effect(bucket.policy.decode(), wish)
    if effect == "Deny":
        return PermissionResult.DENIED
    return PermissionResult.PERMITTED if effect == "Allow" else PermissionResult.NEUTRAL


FakeBucket.get_permission = permission  # type: ignore[method-assign]


def find_bucket(name: str) -> FakeBucket | None:
    """The bucket of that name, whoever owns it: names are global."""
    owner = s3_backends.bucket_accounts.get(name)
    return s3_backends[owner[1]][owner[0]].buckets.get(name) if owner else None


def before_any(call: Call) -> None:
    bucket = find_bucket(call.params.get("Bucket", ""))
    if bucket is None:
        return
    if call.action == "CreateBucket":
        if bucket.account_id != call.account:
            raise Failure(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                "system. Please select a different name and try again.",
                409,
            )
        return
    expected = call.headers.get("x-amz-expected-bucket-owner", bucket.account_id)
    if bucket.account_id != call.account or expected != bucket.account_id:
        raise Failure("AccessDenied", "Access Denied", 403)
    if bucket.region_name != call.region and call.action != "GetBucketLocation":
        raise Failure(
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. "
            "Please send all future requests to this endpoint.",
            301,
            {"x-amz-bucket-region": bucket.region_name},
        )


def created(call: Call, answer: Answer, bucket_defaults: bool) -> Answer:
    """Gives a bucket what it has on AWS from its first moment on."""
    bucket = find_bucket(call.params["Bucket"])
    # In us-east-1 creating one's own bucket again succeeds; it must not lose its settings.
    if answer.status != 200 or bucket is None or hasattr(bucket, "made_here"):
        return answer
    bucket.made_here = True  # type: ignore[attr-defined]
    if bucket_defaults:
        bucket.encryption = SSE_S3
        bucket.public_access_block = PublicAccessBlock(True, True, True, True)  # type: ignore[arg-type]
        bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"  # type: ignore[assignment]
    # Always: moto would give it the tags of a deleted bucket of that name.
    backend("s3", call.account, call.region).put_bucket_tagging(bucket.name, _tags(call.body))
    return answer


def _tags(body: bytes) -> dict[str, str]:
    """The tags in a CreateBucketConfiguration, which moto passes over."""
    if not body:
        return {}
    config = xmltodict.parse(body).get("CreateBucketConfiguration") or {}
    found = (config.get("Tags") or {}).get("Tag") or []
    return {tag["Key"]: tag.get("Value") or "" for tag in (found if isinstance(found, list) else [found])}


def put_policy(call: Call) -> None:
    document = call.body.decode()
    bucket = find_bucket(call.params["Bucket"])
    try:
        if not document.lstrip().startswith("{"):
            raise policy.Malformed("Policies must be valid JSON and the first byte must be '{'")
        policy.require(document, "Principal", "Action", "Resource")
        if policy.absent_principal(document):
            raise policy.Malformed("Invalid principal in policy")
        _resources(document, call.params["Bucket"])
    except policy.Malformed as error:
        raise Failure("MalformedPolicy", str(error)) from error
    blocked = bucket is not None and bucket.public_access_block and bucket.public_access_block.block_public_policy
    if blocked and any(_public(statement) for statement in policy.statements(document)):
        raise Failure("AccessDenied", "Access Denied: BlockPublicPolicy blocks public policies", 403)


def _resources(document: str, bucket: str) -> None:
    for statement in policy.statements(document):
        for resource in policy.many(statement.get("Resource")):
            name = str(resource).partition(":s3:::")[2].partition("/")[0]
            if not policy.like(name, bucket):
                raise policy.Malformed("Policy has invalid resource")


def _public(statement: dict[str, Any]) -> bool:
    everyone = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    return statement["Effect"] == "Allow" and everyone and not statement.get("Condition")


def delete_objects(call: Call) -> None:
    if call.body.count(b"<Key>") > MOST_DELETED:
        raise Failure(
            "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
        )


def encryption_returns_to_default(call: Call, answer: Answer) -> Answer:
    bucket = find_bucket(call.params["Bucket"])
    if bucket is not None and answer.status < 300:
        bucket.encryption = SSE_S3
    return answer


def versioning_root(call: Call, answer: Answer) -> Answer:
    """moto names the root element after the operation; SDKs that check it cannot read the answer."""
    answer.body = answer.body.replace(b"GetBucketVersioningResponse", b"VersioningConfiguration")
    return answer


REFUSE = {"DeleteObjects": delete_objects, "PutBucketPolicy": put_policy}
AFTER = {"DeleteBucketEncryption": encryption_returns_to_default, "GetBucketVersioning": versioning_root}

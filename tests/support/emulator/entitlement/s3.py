"""Owns the rights that S3's calls need; the actions' names are not always the operations'.

Tags of a bucket are no context: for AWS they are only where attribute-based access control was switched on for
the bucket, which it is not of itself.
"""

from __future__ import annotations

from collections.abc import Callable

from .need import Asked, Context, Need, request_tags, tags_of

OF_BUCKET = {
    **{
        name: name
        for name in (
            "DeleteBucket", "DeleteBucketPolicy", "GetBucketAcl", "GetBucketLocation", "GetBucketLogging",
            "GetBucketOwnershipControls", "GetBucketPolicy", "GetBucketPolicyStatus", "GetBucketTagging",
            "GetBucketVersioning", "PutBucketLogging", "PutBucketOwnershipControls", "PutBucketPolicy",
            "PutBucketTagging", "PutBucketVersioning", "PutBucketAcl",
        )
    },
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}  # fmt: skip
LISTS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
}
OF_OBJECT = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "DeleteObject": "DeleteObject",
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "PutObject": "PutObject",
}
OF_VERSION = {"DeleteObject": "DeleteObjectVersion", "GetObject": "GetObjectVersion"}
LIST_KEYS = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}


def bucket(asked: Asked) -> str:
    return asked.arn("s3", asked.get("Bucket", ""), "", "")


def _base(asked: Asked) -> Context:
    return {"s3:ResourceAccount": asked.account, "s3:TlsVersion": "1.3", "s3:authType": "REST-HEADER"}


def of_bucket(asked: Asked) -> list[Need]:
    return [Need("s3:" + OF_BUCKET[asked.call.action], bucket(asked), _base(asked))]


def lists(asked: Asked) -> list[Need]:
    given: Context = {key: str(asked.get(member)) for member, key in LIST_KEYS.items() if member in asked.members}
    return [Need("s3:" + LISTS[asked.call.action], bucket(asked), _base(asked) | given)]


def create_bucket(asked: Asked) -> list[Need]:
    config = asked.get("CreateBucketConfiguration") or {}
    tags = request_tags(tags_of(config.get("Tags")))
    context = _base(asked)
    if "LocationConstraint" in config:
        context["s3:locationconstraint"] = config["LocationConstraint"]
    if "ObjectOwnership" in asked.members:
        context["s3:x-amz-object-ownership"] = asked.get("ObjectOwnership")
    acl = asked.get("ACL")
    if acl:
        context["s3:x-amz-acl"] = acl
    needs = [Need("s3:CreateBucket", bucket(asked), context | tags)]
    if tags:
        needs.append(Need("s3:TagResource", bucket(asked), _base(asked) | tags))
    more = ["PutBucketOwnershipControls"] if "ObjectOwnership" in asked.members else []
    more += ["PutBucketAcl"] if acl not in (None, "private") else []
    if asked.get("ObjectLockEnabledForBucket"):
        more += ["PutBucketObjectLockConfiguration", "PutBucketVersioning"]
    return needs + [Need("s3:" + action, bucket(asked), _base(asked)) for action in more]


def of_object(asked: Asked) -> list[Need]:
    return [_object_need(asked, OF_OBJECT[asked.call.action], asked.get("Key", ""), asked.get("VersionId"))]


def _object_need(asked: Asked, action: str, key: str, version: str | None) -> Need:
    if version:
        action = OF_VERSION.get(action, action)
    return Need("s3:" + action, f"{bucket(asked)}/{key}", _base(asked))


def delete_objects(asked: Asked) -> list[Need]:
    """One for each object, in their order."""
    objects = (asked.get("Delete") or {}).get("Objects", [])
    return [_object_need(asked, "DeleteObject", one.get("Key", ""), one.get("VersionId")) for one in objects]


NEEDS: dict[str, Callable[[Asked], list[Need]]] = {
    **dict.fromkeys(OF_BUCKET, of_bucket),
    **dict.fromkeys(LISTS, lists),
    **dict.fromkeys(OF_OBJECT, of_object),
    "CreateBucket": create_bucket,
    "DeleteObjects": delete_objects,
    "ListBuckets": lambda asked: [Need("s3:ListAllMyBuckets", context=_base(asked))],
}

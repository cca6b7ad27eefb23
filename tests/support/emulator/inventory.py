"""Owns the view of what exists in one account and region, read from moto's data without any call.

A test that asked through the API would be counted, could be refused, and would see only what the API shows.
"""

from __future__ import annotations

from typing import Any

from moto.kms.utils import RESERVED_ALIASES

from . import inventory_kept
from .cloud import backend


def view(query: dict[str, Any]) -> dict[str, Any]:
    account, region = query["account"], query["region"]
    kms, iam = backend("kms", account, region), backend("iam", account, region)
    return {
        "keys": _keys(kms),
        "aliases": [
            {"name": name, "key": key.id}
            for key in kms.keys.values()
            for name in key.aliases
            if name not in RESERVED_ALIASES
        ],
        "roles": _roles(iam),
        "oidc_providers": _providers(iam),
        "log_groups": _log_groups(backend("logs", account, region)),
        "buckets": _buckets(backend("s3", account, region), region),
        "invocation_logging": backend("bedrock", account, region).get_model_invocation_logging_configuration() or None,
        **inventory_kept.view(account, region),
    }


def _keys(kms: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": key.id,
            "state": key.key_state,
            "description": key.description,
            "tags": kms.tagger.get_tag_dict_for_resource(key.id),
            "aliases": list(key.aliases),
            "rotation": key.key_rotation_status,
        }
        for key in kms.keys.values()
        if not any(name in RESERVED_ALIASES for name in key.aliases)
    ]


def _roles(iam: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": role.name,
            "path": role.path,
            "description": role.description or None,
            "tags": {tag["Key"]: tag["Value"] for tag in role.tags},
            "inline_policies": list(role.policies),
            "attached_policies": list(role.managed_policies),
            "boundary": role.permissions_boundary_arn,
        }
        for role in iam.roles.values()
    ]


def _providers(iam: Any) -> list[dict[str, Any]]:
    return [
        {
            "arn": provider.arn,
            "url": provider.url,
            "client_ids": list(provider.client_id_list),
            "thumbprints": list(provider.thumbprint_list),
            "tags": {tag["Key"]: tag["Value"] for tag in provider.tag_list_type},
        }
        for provider in iam.open_id_providers.values()
    ]


def _log_groups(logs: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": group.name,
            "retention": group.retention_in_days,
            "kms_key": group.kms_key_id,
            "tags": logs.tagger.get_tag_dict_for_resource(group.arn),
        }
        for group in logs.groups.values()
    ]


def _buckets(s3: Any, region: str) -> list[dict[str, Any]]:
    return [
        {
            "name": bucket.name,
            "tags": s3.tagger.get_tag_dict_for_resource(bucket.arn),
            "objects": sum(len(bucket.keys.getlist(name)) for name in bucket.keys),
        }
        for bucket in s3.buckets.values()
        if bucket.region_name == region
    ]

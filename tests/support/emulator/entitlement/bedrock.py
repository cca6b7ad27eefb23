"""Owns the rights that Bedrock's calls need; whoever sets a role for it must be let pass that role."""

from __future__ import annotations

from collections.abc import Callable

from .need import Asked, Need, request_tags, resource_tags, tag_keys, tags_of

OF_ACCOUNT = (
    "DeleteModelInvocationLoggingConfiguration", "GetFoundationModelAvailability",
    "GetModelInvocationLoggingConfiguration", "GetUseCaseForModelAccess", "ListFoundationModelAgreementOffers",
    "ListFoundationModels", "ListInferenceProfiles", "PutUseCaseForModelAccess",
)  # fmt: skip
NEW_PROFILE = "application-inference-profile/*"
INVOKES = {
    "Converse": "InvokeModel",
    "InvokeModel": "InvokeModel",
    "ConverseStream": "InvokeModelWithResponseStream",
    "InvokeModelWithResponseStream": "InvokeModelWithResponseStream",
}


def of_account(asked: Asked) -> list[Need]:
    return [Need(f"bedrock:{asked.call.action}")]


def put_logging(asked: Asked) -> list[Need]:
    needs = [Need("bedrock:PutModelInvocationLoggingConfiguration")]
    role = ((asked.get("loggingConfig") or {}).get("cloudWatchConfig") or {}).get("roleArn")
    if role:
        needs.append(Need("iam:PassRole", role, {"iam:PassedToService": "bedrock.amazonaws.com"}))
    return needs


def create_profile(asked: Asked) -> list[Need]:
    tags = request_tags(tags_of(asked.get("tags"), "key", "value"))
    new = asked.arn("bedrock", NEW_PROFILE)
    copied = (asked.get("modelSource") or {}).get("copyFrom", "")
    needs = [Need("bedrock:CreateInferenceProfile", arn, tags) for arn in (new, copied)]
    return [*needs, Need("bedrock:TagResource", new, tags)] if tags else needs


def of_profile(asked: Asked) -> list[Need]:
    return [_on(asked, asked.call.action, _profile(asked, asked.get("inferenceProfileIdentifier", "")))]


def _profile(asked: Asked, given: str) -> str:
    """AWS's own profiles have names with dots, those of an account have not."""
    if given.startswith("arn:"):
        return given
    return asked.arn("bedrock", f"{'inference-profile' if '.' in given else 'application-inference-profile'}/{given}")


def _on(asked: Asked, action: str, arn: str) -> Need:
    if ":application-inference-profile/" not in arn:
        return Need(f"bedrock:{action}", arn)
    listed = asked.ask("bedrock.ListTagsForResource", resourceARN=arn).get("tags")
    return Need(f"bedrock:{action}", arn, resource_tags(tags_of(listed, "key", "value")))


def of_tags(asked: Asked) -> list[Need]:
    need = _on(asked, asked.call.action, asked.get("resourceARN", ""))
    need.context |= request_tags(tags_of(asked.get("tags"), "key", "value")) | tag_keys(asked.get("tagKeys", []))
    return [need]


def _model(asked: Asked, given: str) -> str:
    return given if given.startswith("arn:") else asked.arn("bedrock", f"foundation-model/{given}", account="")


def get_model(asked: Asked) -> list[Need]:
    return [Need("bedrock:GetFoundationModel", _model(asked, asked.get("modelIdentifier", "")))]


def agree(asked: Asked) -> list[Need]:
    return [Need("bedrock:CreateFoundationModelAgreement"), Need("aws-marketplace:Subscribe")]


def invoke(asked: Asked) -> list[Need]:
    given = str(asked.get("modelId", ""))
    of_system = given.partition(".")[0] in ("us", "eu", "jp", "au", "apac", "global", "us-gov", "ca")
    arn = _profile(asked, given) if of_system else _model(asked, given)
    return [_on(asked, INVOKES[asked.call.action], arn)]


NEEDS: dict[str, Callable[[Asked], list[Need]]] = {
    **dict.fromkeys(OF_ACCOUNT, of_account),
    **dict.fromkeys(("GetInferenceProfile", "DeleteInferenceProfile"), of_profile),
    **dict.fromkeys(("TagResource", "UntagResource", "ListTagsForResource"), of_tags),
    "CreateFoundationModelAgreement": agree,
    "CreateInferenceProfile": create_profile,
    "GetFoundationModel": get_model,
    "PutModelInvocationLoggingConfiguration": put_logging,
}
RUNTIME_NEEDS: dict[str, Callable[[Asked], list[Need]]] = dict.fromkeys(INVOKES, invoke)

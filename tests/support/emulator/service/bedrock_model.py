"""Owns which models Bedrock has in a region, the system's inference profiles for them, and the use-case form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..call import Answer, Call
from ..failure import Failure
from ..kept import Kept

CLAUDES = {
    "anthropic.claude-fable-5-2": "Claude Fable 5.2",
    "anthropic.claude-haiku-4-5-20251001-v1:0": "Claude Haiku 4.5",
    "anthropic.claude-haiku-5-5": "Claude Haiku 5.5",
    "anthropic.claude-opus-4-8": "Claude Opus 4.8",
    "anthropic.claude-opus-5": "Claude Opus 5",
    "anthropic.claude-opus-5-5": "Claude Opus 5.5",
    "anthropic.claude-sonnet-5": "Claude Sonnet 5",
    "anthropic.claude-sonnet-5-5": "Claude Sonnet 5.5",
}
IN_GOVCLOUD = {f"anthropic.claude-{name}" for name in ("haiku-5-5", "opus-5-5", "sonnet-5-5")}
# What can be called by its own id; the Claudes only by a profile.
ON_DEMAND = {"amazon.nova-pro-v1:0": "Nova Pro", "amazon.titan-embed-text-v2:0": "Titan Text Embeddings"}
PROVIDERS = {"anthropic": "Anthropic", "amazon": "Amazon", "meta": "Meta", "mistral": "Mistral AI", "cohere": "Cohere"}
GEOGRAPHIES = {
    "us": "US",
    "eu": "EU",
    "jp": "JP",
    "au": "AU",
    "us-gov": "US GovCloud",
    "apac": "APAC",
    "global": "Global",
}
ROUTES = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "au": ("ap-southeast-2", "ap-southeast-4"),
    "us-gov": ("us-gov-east-1", "us-gov-west-1"),
    "apac": ("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
}
PROFILE_ID = re.compile(r"(us-gov|us|eu|jp|au|apac|global)\.([a-z0-9-]+\.[a-z0-9.:-]+)")
BORN = datetime(2026, 1, 15, tzinfo=UTC)


@dataclass
class Offer:
    """What one account's region offers otherwise than the table says."""

    profiles: list[str] | None = None
    unsubscribed: list[str] = field(default_factory=list)


OFFERS: Kept[Offer] = Kept(Offer)
FORMS: Kept[list[bytes]] = Kept(list)


def models(body: dict[str, Any]) -> dict[str, Any]:
    """Replaces the system's profiles, and names the models that the account has no agreement for."""
    offer = OFFERS(body["account"], body["region"])
    if "profiles" in body:
        odd = [id for id in body["profiles"] if not PROFILE_ID.fullmatch(id)]
        if odd:
            raise ValueError(f"no inference profile's id: {odd[0]}")
        offer.profiles = list(body["profiles"])
    offer.unsubscribed = list(body.get("unsubscribed", offer.unsubscribed))
    return {"profiles": profile_ids(body["account"], body["region"]), "unsubscribed": offer.unsubscribed}


def geographies(region: str) -> tuple[str, ...]:
    """In which geographies a region's profiles keep the requests."""
    if region.startswith("cn-"):
        return ()
    if region.startswith("us-gov-"):
        return ("us-gov",)
    for geography in ("jp", "au"):
        if region in ROUTES[geography]:
            return (geography, "global")
    prefix = region.partition("-")[0]
    return (prefix, "global") if prefix in ("us", "eu") else ("global",)


def profile_ids(account: str, region: str) -> list[str]:
    given = OFFERS(account, region).profiles
    if given is not None:
        return given
    return [
        f"{geography}.{model}"
        for geography in geographies(region)
        for model in CLAUDES
        if geography != "us-gov" or model in IN_GOVCLOUD
    ]


def foundation_ids(account: str, region: str) -> list[str]:
    found = {id.partition(".")[2] for id in profile_ids(account, region)}
    return sorted(found) + (list(ON_DEMAND) if geographies(region) else [])


def foundation_arn(partition: str, region: str, model: str) -> str:
    return f"arn:{partition}:bedrock:{region}::foundation-model/{model}"


def _name(model: str) -> str:
    return CLAUDES.get(model) or ON_DEMAND.get(model) or model.partition(".")[2][:20]


def system_profile(call: Call, id: str) -> dict[str, Any]:
    """The profile as Get and List show it. A global one may go anywhere: its second model has no region."""
    found = PROFILE_ID.fullmatch(id)
    assert found
    geography, model = found.groups()
    regions = (call.region, "") if geography == "global" else ROUTES[geography]
    where = "globally across all supported AWS Regions" if geography == "global" else f"in {', '.join(regions)}"
    provider = PROVIDERS.get(model.partition(".")[0], "")
    return {
        "inferenceProfileName": f"{GEOGRAPHIES[geography]} {provider} {_name(model)}",
        "description": f"Routes requests to {provider} {_name(model)} {where}.",
        "createdAt": BORN,
        "updatedAt": BORN,
        "inferenceProfileArn": f"arn:{call.partition}:bedrock:{call.region}:{call.account}:inference-profile/{id}",
        "models": [{"modelArn": foundation_arn(call.partition, region, model)} for region in regions],
        "inferenceProfileId": id,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def _summary(call: Call, model: str) -> dict[str, Any]:
    provider = model.partition(".")[0]
    embeds = "embed" in model
    return {
        "modelArn": foundation_arn(call.partition, call.region, model),
        "modelId": model,
        "modelName": _name(model),
        "providerName": PROVIDERS.get(provider, provider),
        "inputModalities": ["TEXT"] if embeds else ["TEXT", "IMAGE"],
        "outputModalities": ["EMBEDDING"] if embeds else ["TEXT"],
        "responseStreamingSupported": not embeds,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"] if model in ON_DEMAND else ["INFERENCE_PROFILE"],
        "modelLifecycle": {"status": "ACTIVE", "startOfLifeTime": BORN},
    }


def list_foundation_models(call: Call) -> Answer:
    wanted = call.members
    found = [_summary(call, model) for model in foundation_ids(call.account, call.region)]
    shown = [
        one
        for one in found
        if str(wanted.get("byProvider", one["providerName"])).lower() == one["providerName"].lower()
        and wanted.get("byOutputModality", one["outputModalities"][0]) in one["outputModalities"]
        and wanted.get("byInferenceType", one["inferenceTypesSupported"][0]) in one["inferenceTypesSupported"]
        and not wanted.get("byCustomizationType")
    ]
    return Answer.of(call, {"modelSummaries": shown})


def _model(call: Call, named: str) -> str:
    model = named.partition(":foundation-model/")[2] or named
    if named not in (model, foundation_arn(call.partition, call.region, model)):
        raise Failure("ValidationException", "The provided model identifier is invalid.")
    if model not in foundation_ids(call.account, call.region):
        raise Failure(
            "ResourceNotFoundException",
            "Could not resolve the foundation model from the provided model identifier.",
            404,
        )
    return model


def get_foundation_model(call: Call) -> Answer:
    return Answer.of(call, {"modelDetails": _summary(call, _model(call, call.members["modelIdentifier"]))})


def get_foundation_model_availability(call: Call) -> Answer:
    model = _model(call, call.members["modelId"])
    agreed = model not in OFFERS(call.account, call.region).unsubscribed
    return Answer.of(
        call,
        {
            "modelId": model,
            "agreementAvailability": {"status": "AVAILABLE" if agreed else "NOT_AVAILABLE"},
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "AVAILABLE" if agreed else "NOT_AVAILABLE",
            "regionAvailability": "AVAILABLE",
        },
    )


def get_use_case(call: Call) -> Answer:
    forms = FORMS(call.account, call.partition)
    if not forms:
        raise Failure("ResourceNotFoundException", "No use case has been submitted for this account.", 404)
    return Answer.of(call, {"formData": forms[0]})


def put_use_case(call: Call) -> Answer:
    """One form for the account, for good: there is no call that takes it back."""
    FORMS(call.account, call.partition)[:] = [call.members["formData"]]
    return Answer.of(call)


INSTEAD = {
    "ListFoundationModels": list_foundation_models,
    "GetFoundationModel": get_foundation_model,
    "GetFoundationModelAvailability": get_foundation_model_availability,
    "GetUseCaseForModelAccess": get_use_case,
    "PutUseCaseForModelAccess": put_use_case,
}

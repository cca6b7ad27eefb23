"""Owns Bedrock's inference profiles: those of the system, and those that an account makes and cannot change."""

from __future__ import annotations

import random
import re
import string
from dataclasses import dataclass
from typing import Any

from ..call import Answer, Call
from ..failure import Failure
from ..kept import BadToken, Kept, now, page, tag_list, tags
from .bedrock_model import foundation_arn, foundation_ids, profile_ids, system_profile

PAGE = 100
MOST_TAGS = 50
ARN = re.compile(r"arn:[a-z-]+:bedrock:([^:]*):(\d{12}|):(inference-profile|application-inference-profile)/(.+)")


@dataclass
class Profile:
    """An application inference profile as GetInferenceProfile shows it, and what else belongs to it."""

    shown: dict[str, Any]
    token: str | None
    tags: dict[str, str]


PROFILES: Kept[dict[str, Profile]] = Kept(dict)


def of(call: Call) -> dict[str, Profile]:
    """By id."""
    return PROFILES(call.account, call.region)


def create_inference_profile(call: Call) -> Answer:
    """Names may repeat; a token that was used gives the profile that was made with it, whatever else is asked."""
    wanted = call.members
    token = wanted.get("clientRequestToken")
    made = next((profile for profile in of(call).values() if token and profile.token == token), None)
    if made is None:
        given = tags(wanted.get("tags"), "key", "value")
        if len(given) > MOST_TAGS:
            raise Failure(
                "TooManyTagsException", "The request contains more tags than can be associated with a resource."
            )
        made = Profile(_profile(call, wanted), token, given)
        of(call)[made.shown["inferenceProfileId"]] = made
    return Answer.of(call, {"inferenceProfileArn": made.shown["inferenceProfileArn"], "status": "ACTIVE"})


def _profile(call: Call, wanted: dict[str, Any]) -> dict[str, Any]:
    id = "".join(random.choices(string.ascii_lowercase + string.digits, k=12))
    shown = {
        "inferenceProfileName": wanted["inferenceProfileName"],
        "inferenceProfileArn": (
            f"arn:{call.partition}:bedrock:{call.region}:{call.account}:application-inference-profile/{id}"
        ),
        "models": _source(call, (wanted.get("modelSource") or {}).get("copyFrom", "")),
        "inferenceProfileId": id,
        "status": "ACTIVE",
        "type": "APPLICATION",
        "createdAt": now(),
        "updatedAt": now(),
    }
    return shown | ({"description": wanted["description"]} if wanted.get("description") else {})


def _source(call: Call, arn: str) -> list[dict[str, str]]:
    """The models behind the source: a model of this region, or a profile of the system."""
    model = arn.partition(":foundation-model/")[2]
    if model in foundation_ids(call.account, call.region) and arn == foundation_arn(call.partition, call.region, model):
        return [{"modelArn": arn}]
    named = ARN.fullmatch(arn)
    here = named is not None and named[1] == call.region and named[2] in (call.account, "")
    if named and here and named[3] == "inference-profile" and named[4] in profile_ids(call.account, call.region):
        return system_profile(call, named[4])["models"]  # type: ignore[no-any-return]
    raise Failure("ValidationException", "copyFrom must be a valid inference profile model source ARN.")


def _id(call: Call, named: str) -> str:
    """The id in an ARN of this account and region, or the id itself."""
    arn = ARN.fullmatch(named)
    if arn is None:
        return named
    if arn[1] != call.region or arn[2] not in (call.account, ""):
        raise Failure("ValidationException", "The provided inference profile identifier is invalid.")
    return arn[4]


def _absent() -> Failure:
    return Failure("ResourceNotFoundException", "The specified resource ARN was not found.", 404)


def get_inference_profile(call: Call) -> Answer:
    id = _id(call, call.members["inferenceProfileIdentifier"])
    if id in profile_ids(call.account, call.region):
        return Answer.of(call, system_profile(call, id))
    if id not in of(call):
        raise _absent()
    return Answer.of(call, of(call)[id].shown)


def list_inference_profiles(call: Call) -> Answer:
    """Those of the system, unless the others are asked for."""
    if call.members.get("typeEquals", "SYSTEM_DEFINED") == "APPLICATION":
        found = [profile.shown for profile in of(call).values()]
    else:
        found = [system_profile(call, id) for id in profile_ids(call.account, call.region)]
    try:
        shown, following = page(found, call.members.get("maxResults") or PAGE, call.members.get("nextToken"))
    except BadToken as error:
        raise Failure("ValidationException", "The provided nextToken is invalid.") from error
    return Answer.of(call, {"inferenceProfileSummaries": shown} | ({"nextToken": following} if following else {}))


def delete_inference_profile(call: Call) -> Answer:
    id = _id(call, call.members["inferenceProfileIdentifier"])
    if id in profile_ids(call.account, call.region):
        raise Failure("ValidationException", "A system-defined inference profile cannot be deleted.")
    if of(call).pop(id, None) is None:
        raise _absent()
    return Answer.of(call)


def _tags(call: Call) -> dict[str, str]:
    arn = call.members["resourceARN"]
    for profile in of(call).values():
        if profile.shown["inferenceProfileArn"] == arn:
            return profile.tags
    raise _absent()


def tag_resource(call: Call) -> Answer:
    kept, given = _tags(call), tags(call.members.get("tags"), "key", "value")
    if len(kept | given) > MOST_TAGS:
        raise Failure("TooManyTagsException", "The request contains more tags than can be associated with a resource.")
    kept.update(given)
    return Answer.of(call)


def untag_resource(call: Call) -> Answer:
    kept = _tags(call)
    for key in call.members.get("tagKeys", []):
        kept.pop(key, None)
    return Answer.of(call)


INSTEAD = {
    "CreateInferenceProfile": create_inference_profile,
    "GetInferenceProfile": get_inference_profile,
    "ListInferenceProfiles": list_inference_profiles,
    "DeleteInferenceProfile": delete_inference_profile,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": lambda call: Answer.of(call, {"tags": tag_list(_tags(call), "key", "value")}),
}

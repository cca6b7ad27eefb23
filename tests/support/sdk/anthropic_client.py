"""Anthropic's own client, which does what lines of JSON on standard input say, and answers each with one.

{"client": "bedrock", "url": BASE, "key": KEY, "call": "events", "with": {ARGUMENTS}}; more in `CALLS`. With
"beta" the beta half of the client is used, "retries" is how often it tries again. What a client raises is
told as {"error": {class, status, type, message}}, beside what it had read before.
"""

import json
import sys

import anthropic


def made(line):
    """A client of that kind, which calls this address."""
    url, key = line["url"], line["key"]
    common = {"max_retries": line.get("retries", 0)}
    match line["client"]:
        case "anthropic":
            return anthropic.Anthropic(api_key=key, base_url=url, **common)
        case "anthropic by token":
            return anthropic.Anthropic(auth_token=key, base_url=url, **common)
        case "bedrock":
            return anthropic.AnthropicBedrock(api_key=key, base_url=url, aws_region="us-east-1", **common)
        case "bedrock by signature":
            keys = {"aws_access_key": "AKIDEXAMPLE", "aws_secret_key": key}
            return anthropic.AnthropicBedrock(base_url=url, aws_region="us-east-1", **keys, **common)
        case "mantle":
            return anthropic.AnthropicBedrockMantle(
                api_key=key, base_url=f"{url}/anthropic", aws_region="us-east-1", **common
            )
        case "vertex":
            return anthropic.AnthropicVertex(
                access_token=key, base_url=f"{url}/v1", region="us", project_id="theirs", **common
            )
        case "foundry":
            return anthropic.AnthropicFoundry(api_key=key, base_url=f"{url}/anthropic/", **common)


def whole(messages, arguments, answer):
    answer["message"] = messages.create(**arguments).to_dict()


def events(messages, arguments, answer):
    """Every event, as it was read."""
    answer["events"] = []
    with messages.create(stream=True, **arguments) as stream:
        for event in stream:
            answer["events"].append(event.to_dict())


def gathered(messages, arguments, answer):
    """What the client makes of a stream in the end."""
    with messages.stream(**arguments) as stream:
        answer["message"] = stream.get_final_message().to_dict()


def first(messages, arguments, answer):
    """The first event; then the stream is broken off."""
    with messages.create(stream=True, **arguments) as stream:
        answer["events"] = [next(stream).to_dict()]


def count(messages, arguments, answer):
    answer["count"] = messages.count_tokens(**arguments).to_dict()


CALLS = {"whole": whole, "events": events, "gathered": gathered, "first": first, "count": count}


def told(error):
    answer = {"class": type(error).__name__, "message": str(error)}
    if isinstance(error, anthropic.APIStatusError):
        answer |= {"status": error.status_code, "type": error.type, "said": error.api_message}
        answer["request"] = error.request_id
    return {"error": answer}


def done(line):
    answer = {}
    try:
        client = made(line)
        if line["call"] == "models":
            answer["models"] = [model.to_dict() for model in client.models.list()]
        else:
            half = client.beta if line.get("beta") else client
            CALLS[line["call"]](half.messages, line["with"], answer)
    except anthropic.AnthropicError as error:
        answer |= told(error)
    return answer


for text in sys.stdin:
    print(json.dumps(done(json.loads(text))), flush=True)

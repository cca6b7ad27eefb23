"""AWS's own client, which does what lines of JSON on standard input say, and answers each with one.

{"url": BASE, "authority": PEM FILE, "key": KEY, "call": "converse", "with": {ARGUMENTS}}: with a bearer
token, which it sends over https alone; or with "signed" by keys that nobody knows. Bytes are text in both
directions. What the client raises is told as
{"error": {class, code, status, message}}, beside what it had read before.
"""

import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError


def made(line):
    os.environ.pop("AWS_BEARER_TOKEN_BEDROCK", None)
    keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": line["key"]}
    if not line.get("signed"):
        os.environ["AWS_BEARER_TOKEN_BEDROCK"], keys = line["key"], {}
    attempts = {"total_max_attempts": 1 + line.get("retries", 0), "mode": "standard"}
    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=line["url"],
        verify=line["authority"],
        config=Config(retries=attempts),
        **keys,
    )


def invoke_model(client, arguments, answer):
    answer["body"] = client.invoke_model(**arguments)["body"].read().decode()


def invoke_model_with_response_stream(client, arguments, answer):
    answer["events"] = []
    for event in client.invoke_model_with_response_stream(**arguments)["body"]:
        answer["events"].append(event["chunk"]["bytes"].decode())


def first(client, arguments, answer):
    """The first event; then the stream is broken off."""
    stream = client.invoke_model_with_response_stream(**arguments)["body"]
    answer["events"] = [next(iter(stream))["chunk"]["bytes"].decode()]
    stream.close()


def converse(client, arguments, answer):
    answer["answer"] = client.converse(**arguments)
    del answer["answer"]["ResponseMetadata"]


def converse_stream(client, arguments, answer):
    answer["events"] = []
    for event in client.converse_stream(**arguments)["stream"]:
        answer["events"].append(event)


def count_tokens(client, arguments, answer):
    answer["count"] = client.count_tokens(**arguments)["inputTokens"]


CALLS = {call.__name__: call for call in (
    invoke_model, invoke_model_with_response_stream, first, converse, converse_stream, count_tokens,
)}


def done(line):
    answer = {}
    try:
        CALLS[line["call"]](made(line), line["with"], answer)
    except (ClientError, EventStreamError) as error:
        answer["error"] = {
            "class": type(error).__name__,
            "code": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
            "status": error.response.get("ResponseMetadata", {}).get("HTTPStatusCode"),
        }
    return answer


for text in sys.stdin:
    print(json.dumps(done(json.loads(text)), default=bytes.decode), flush=True)

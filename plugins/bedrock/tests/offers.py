"""The providers that settings make, and the lists of models and profiles that AWS would return."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from ymera_bedrock import ymera_register_providers
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.settings import BedrockSettings

from ymera_service.sdk.content import user
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

from .frames import answer, block

Record = Callable[..., RecordedTransport]

ANSWER = Exchange(answer(block(0, {"text": "Hello"})), path="/converse-stream")
REQUEST = GenerateRequest("amazon.nova-lite-v1:0", Prompt((user("Hi"),)))
FILE = """
[default]
aws_access_key_id = AKID
aws_secret_access_key = s
[b]
aws_access_key_id = AKIB
aws_secret_access_key = t
"""


def providers(transport: RecordedTransport, **settings: Any) -> list[BedrockProvider]:
    offered = ymera_register_providers(BedrockSettings(**settings), transport, None)
    return [provider for provider in offered if isinstance(provider, BedrockProvider)]


def bedrock(transport: RecordedTransport, **settings: Any) -> BedrockProvider:
    [provider] = providers(transport, **{"api_key": "key-of-bedrock", **settings})
    return provider


def summary(name: str, *inputs: str, **more: Any) -> Mapping[str, Any]:
    usual = {"outputModalities": ["TEXT"], "inferenceTypesSupported": ["ON_DEMAND"]}
    return {"modelId": name, "inputModalities": ["TEXT", *inputs], **usual, **more}


def models(*summaries: Mapping[str, Any], **more: Any) -> Exchange:
    return Exchange(orjson.dumps({"modelSummaries": summaries}), path="/foundation-models", **more)


def profile(name: str, model: str, kind: str = "SYSTEM_DEFINED") -> Mapping[str, Any]:
    arn = f"arn:aws:bedrock:us-east-1:1:inference-profile/{name}"
    models = [{"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model}"}]
    return {"inferenceProfileId": name, "inferenceProfileArn": arn, "type": kind, "models": models}


def profiles(*summaries: Mapping[str, Any], **more: Any) -> Exchange:
    return Exchange(orjson.dumps({"inferenceProfileSummaries": summaries}), path="/inference-profiles", **more)


async def listed(recorded_http: Record, *exchanges: Exchange, **settings: Any) -> dict[str, ModelInfo]:
    offered = await bedrock(recorded_http(*exchanges), **settings).models()
    return {info.name: info for info in offered}

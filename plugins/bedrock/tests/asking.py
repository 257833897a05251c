"""Encodes prompts, for the tests of requests."""

from typing import Any

import orjson
from ymera_bedrock.dialect import ConverseDialect

from ymera_service.sdk.content import (
    CacheHint,
    Message,
    Part,
    Role,
    Text,
    ToolCall,
    ToolResult,
    user,
)
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    ResponseFormat,
    ResponseType,
    Tool,
)
from ymera_service.sdk.http import HttpRequest

from .aws_model import faults

HAIKU_3, SONNET_3_7 = "anthropic.claude-3-haiku-20240307-v1:0", "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
SONNET, OPUS = "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "global.anthropic.claude-opus-4-6-v1"
LATE, NEWEST = "us.anthropic.claude-opus-4-7-v1:0", "us.anthropic.claude-opus-5"
NOVA, NOVA_2 = "amazon.nova-lite-v1:0", "us.amazon.nova-2-lite-v1:0"
LLAMA, TITAN, GPT = "us.meta.llama4-scout-17b-instruct-v1:0", "amazon.titan-text-express-v1", "openai.gpt-oss-120b-1:0"
MISTRAL, UNKNOWN = "mistral.mistral-large-3-675b-instruct", "acme.novel-1"
ALL = (HAIKU_3, SONNET_3_7, SONNET, OPUS, LATE, NEWEST, NOVA, NOVA_2, LLAMA, TITAN, GPT, MISTRAL, UNKNOWN)

HELLO = (user("Hello"),)
CHOICES = (Tool("f"), Tool("g"))
TOOL = Tool("f", "Does it.", '{"type":"object","properties":{"a":{"type":"string"}}}', strict=True)
SCHEMA = ResponseFormat(ResponseType.JSON_SCHEMA, schema='{"type":"object","properties":{"a":{"type":"object"}}}')
CALL, RESULT = ToolCall("c1", "f", '{"a": "1"}'), ToolResult("c1", (Text("ok"),))
HISTORY = (*HELLO, Message(Role.ASSISTANT, (CALL,)), Message(Role.TOOL, (RESULT,)))
USUAL, HOUR = CacheHint(), CacheHint(3_600.0)
POINT, HOUR_POINT = {"cachePoint": {"type": "default"}}, {"cachePoint": {"type": "default", "ttl": "1h"}}


def encoded(model: str, prompt: Prompt, *, stream: bool = False) -> HttpRequest:
    return ConverseDialect().encode(GenerateRequest(model, prompt, stream))


def body(prompt: Prompt, model: str = SONNET) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(encoded(model, prompt).body)
    assert faults(read, "Converse", modelId=model) == ""
    return read


def adapted(prompt: Prompt, model: str = SONNET) -> list[str]:
    return [f"{one.kind} {one.field.removeprefix('prompt.')}" for one in encoded(model, prompt).adaptations]


def said(*parts: Part, role: Role = Role.USER) -> Prompt:
    return Prompt((Message(role, parts),))


def blocks(*parts: Part, role: Role = Role.USER, model: str = SONNET) -> list[Any]:
    turns = body(said(*parts, role=role), model)["messages"]
    return [block for turn in turns for block in turn["content"]]

"""Encodes prompts, for the tests of requests."""

from typing import Any

import orjson
from ymera_anthropic.dialect import MessagesDialect

from ymera_service.sdk.content import (
    Message,
    Part,
    Role,
    user,
)
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    Sampling,
    Tool,
)

Record = dict[str, Any]

HI = user("Hi")
TOOL = Tool("f", "Does it.", '{"type":"object","properties":{"x":{"type":"integer"}}}', strict=True)
BUDGETED, ADAPTIVE, SECRETIVE = "claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-7"
UNASKED, BETWEEN_TOOLS, ALWAYS = "claude-opus-5", "claude-sonnet-5-5", "claude-opus-5-5"
OLD, FOREIGN = "claude-3-haiku-20240307", "kimi-k3"
SAMPLERS = Sampling(temperature=0.5, top_p=0.9, top_k=7)


def body_of(prompt: Prompt, model: str = ADAPTIVE, version: str = "2023-06-01") -> Record:
    body: Record = orjson.loads(MessagesDialect(version).encode(GenerateRequest(model, prompt)).body)
    return body


def content(*parts: Part, role: Role = Role.USER) -> Any:
    return body_of(Prompt((Message(role, parts),)))["messages"][0]["content"]


def talk(*messages: Message) -> list[Record]:
    turns: list[Record] = body_of(Prompt(messages))["messages"]
    return turns


def sampled(model: str, sampling: Sampling, **more: Any) -> Record:
    return body_of(Prompt((HI,), sampling=sampling, **more), model)

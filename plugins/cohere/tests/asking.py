"""Encodes prompts, for the tests of requests."""

from typing import Any

import orjson
from ymera_cohere.dialect import CohereDialect

from ymera_service.sdk.content import (
    Message,
    Part,
    Role,
    user,
)
from ymera_service.sdk.generation import (
    AdaptationKind,
    GenerateRequest,
    Prompt,
    Tool,
)
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability, ModelInfo

HELLO = (user("Hello"),)
TOOL, OTHER = Tool("f", "Does it.", '{"type":"object","properties":{"a":{}}}'), Tool("g")
DROPPED, MAPPED, REDUCED = AdaptationKind.DROPPED, AdaptationKind.MAPPED, AdaptationKind.REDUCED
EFFORT, BUDGET = "sampling.reasoning_effort", "sampling.reasoning_budget_tokens"
SUMMARY = "sampling.reasoning_summary"


def encoded(prompt: Prompt, thinks: bool | None = None) -> HttpRequest:
    dialect, reasoning = CohereDialect(), frozenset({Capability.REASONING})
    if thinks is not None:
        dialect.learn([ModelInfo("m", reasoning if thinks else frozenset())])
    else:
        dialect.learn([ModelInfo("m", unknown=reasoning)])
    return dialect.encode(GenerateRequest("m", prompt, stream=False))


def body(prompt: Prompt, thinks: bool | None = None) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(encoded(prompt, thinks).body)
    return read


def adapted(prompt: Prompt, thinks: bool | None = None) -> list[tuple[AdaptationKind, str]]:
    return [(one.kind, one.field.removeprefix("prompt.")) for one in encoded(prompt, thinks).adaptations]


def said(*parts: Part, role: Role = Role.USER, before: tuple[Message, ...] = ()) -> Prompt:
    return Prompt((*before, Message(role, parts)))

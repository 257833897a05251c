"""Turns a prompt into the body of a request for an answer."""

from collections.abc import Mapping

import orjson

from ymera_cohere.messages import encode_documents, encode_messages
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import (
    Prompt,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.wire.json_reader import Json, strict_object
from ymera_service.sdk.wire.tools import allowed

MOST_STOP_SEQUENCES = 5
_BUDGETS: Mapping[ReasoningEffort, int] = {
    ReasoningEffort.MINIMAL: 512,
    ReasoningEffort.LOW: 1_024,
    ReasoningEffort.MEDIUM: 8_192,
}
"""Tokens to think for, by the efforts for which thinking is bounded."""
_CHOICES = {
    ToolChoiceMode.NONE: "NONE",
    ToolChoiceMode.REQUIRED: "REQUIRED",
    ToolChoiceMode.TOOL: "REQUIRED",
}


def chat(prompt: Prompt, *, thinks: bool | None) -> Json:
    """Returns the body of a request, without the model; `thinks` is None if that is not known of the model.

    Raises:
        InvalidProviderRequest: The prompt holds something that the API can't express.
    """
    if prompt.provider_tools:
        raise InvalidProviderRequest("Cohere's API has no tools that it runs itself")
    tools = offered(prompt)
    body: Json = {
        "messages": encode_messages(prompt.messages, thinks=thinks),
        "documents": encode_documents(prompt.messages),
        "tools": [_tool(tool) for tool in tools],
        "strict_tools": True if any(tool.strict for tool in tools) else None,
        "tool_choice": _CHOICES.get(prompt.tool_choice.mode) if tools else None,
        "response_format": _format(prompt.response_format),
        "thinking": _thinking(prompt.sampling, thinks=thinks),
        **_sampling(prompt.sampling),
    }
    return {name: value for name, value in body.items() if value not in (None, [])}


def offered(prompt: Prompt) -> list[Tool]:
    """Returns the tools to offer: those that may be called, as the API can't allow a part of them."""
    choice: ToolChoice = prompt.tool_choice
    if choice.mode is ToolChoiceMode.TOOL:
        return [tool for tool in prompt.tools if tool.name == choice.tool_name]
    return list(allowed(prompt.tools, choice))


def _tool(tool: Tool) -> Json:
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    schema = tool.parameters_schema or '{"type":"object","properties":{}}'
    function["parameters"] = _object(schema, tool.name)
    return {"type": "function", "function": function}


def _format(wanted: ResponseFormat) -> Json | None:
    if wanted.type is ResponseType.TEXT:
        return None
    if wanted.type is ResponseType.JSON_OBJECT:
        return {"type": "json_object"}
    schema: object = _object(wanted.schema or "{}", wanted.name)
    if wanted.description:
        schema = {"description": wanted.description} | orjson.loads(wanted.schema or "{}")
    return {"type": "json_object", "json_schema": schema}


def _object(document: str, of: str) -> orjson.Fragment:
    if strict_object(document) is None:
        raise InvalidProviderRequest(f"{of}: Cohere accepts only JSON objects, not {document[:100]!r}")
    return orjson.Fragment(document)


def _thinking(sampling: Sampling, *, thinks: bool | None) -> Json | None:
    effort, budget = sampling.reasoning_effort, sampling.reasoning_budget_tokens
    if thinks is False or (effort is None and budget is None):
        return None
    if effort is ReasoningEffort.NONE or budget == 0:
        return {"type": "disabled"}
    budget = _BUDGETS.get(effort) if effort else budget
    return {"type": "enabled"} | ({} if budget is None else {"token_budget": budget})


def _sampling(sampling: Sampling) -> Json:
    return {
        "temperature": sampling.temperature,
        "p": _within(sampling.top_p, 0.01, 0.99),
        "k": _within(sampling.top_k, 0, 500),
        "max_tokens": sampling.max_output_tokens,
        "stop_sequences": list(sampling.stop_sequences[:MOST_STOP_SEQUENCES]),
        "seed": sampling.seed,
        "frequency_penalty": _within(sampling.frequency_penalty, 0, 1),
        "presence_penalty": _within(sampling.presence_penalty, 0, 1),
    }


def _within(value: float | None, least: float, most: float) -> float | None:
    """Returns the nearest value that the API accepts."""
    return None if value is None else max(least, min(value, most))

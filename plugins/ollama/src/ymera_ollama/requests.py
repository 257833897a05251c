"""Turns a prompt into the body of a request."""

import orjson

from ymera_ollama.messages import encode_messages, json_object
from ymera_ollama.profiles import Profile
from ymera_ollama.thinking import think
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import (
    Prompt,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.tools import allowed


def chat(prompt: Prompt, profile: Profile) -> Json:
    """Returns the body of a request for an answer, without the model.

    `truncate` is false because a host otherwise leaves the beginning of a prompt out that is too long for the context.

    Raises:
        InvalidProviderRequest: The prompt holds something that the API can't express.
    """
    if prompt.provider_tools:
        raise InvalidProviderRequest("Ollama has no tools of its own")
    body: Json = {
        "messages": encode_messages(prompt.messages, tool_note(prompt)),
        "tools": [_tool(tool) for tool in offered(prompt)],
        "format": _format(prompt.response_format),
        "think": think(prompt.sampling, profile.thinking),
        "options": options(prompt.sampling, profile),
        "logprobs": None if prompt.sampling.logprobs is None else True,
        "top_logprobs": prompt.sampling.logprobs or None,
    }
    return {name: value for name, value in body.items() if value not in (None, [], {})} | {"truncate": False}


def options(sampling: Sampling, profile: Profile) -> Json:
    """Returns the `options` of a request: how to sample, and the context for which the model is loaded."""
    given: Json = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "num_predict": sampling.max_output_tokens,
        "stop": list(sampling.stop_sequences) or None,
        "seed": sampling.seed,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "num_ctx": profile.num_ctx,
    }
    return {name: value for name, value in given.items() if value is not None}


def offered(prompt: Prompt) -> list[Tool]:
    """Returns the tools to offer: only those that may be called, as the API has no choice among them."""
    choice = prompt.tool_choice
    if choice.mode is ToolChoiceMode.NONE:
        return []
    if choice.mode is ToolChoiceMode.TOOL:
        return [tool for tool in prompt.tools if tool.name == choice.tool_name]
    return list(allowed(prompt.tools, choice))


def tool_note(prompt: Prompt) -> str:
    """Returns the sentence that asks for a call, as the API can't demand one; empty if none is demanded."""
    return _demand(prompt.tool_choice) if prompt.tools else ""


def _demand(choice: ToolChoice) -> str:
    if choice.mode is ToolChoiceMode.TOOL:
        return f"Call the tool {choice.tool_name}; do not answer without it."
    return "Call one of the tools; do not answer without one." if choice.mode is ToolChoiceMode.REQUIRED else ""


def _tool(tool: Tool) -> Json:
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    schema = tool.parameters_schema or '{"type":"object","properties":{}}'
    function["parameters"] = json_object(schema, tool.name)
    return {"type": "function", "function": function}


def _format(wanted: ResponseFormat) -> object:
    if wanted.type is ResponseType.TEXT:
        return None
    if wanted.type is ResponseType.JSON_OBJECT:
        return "json"
    schema = json_object(wanted.schema, wanted.name)
    return {"description": wanted.description} | orjson.loads(wanted.schema or "{}") if wanted.description else schema

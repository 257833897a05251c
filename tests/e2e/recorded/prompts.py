"""Reads the body of a request, recorded or our own, as the prompt of our contract that says the same.

Every member of a body has to be understood: one that the contract can't say raises `NotSayable`, which names it. So two
bodies mean the same if the same prompt is read from both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.e2e.recorded.chat import chat, completion
from tests.e2e.recorded.members import Json, Members, NotSayable
from tests.e2e.recorded.messages import messages
from tests.e2e.recorded.responses import response

_READERS: dict[str, Callable[[Members], Json]] = {
    "chat.completions": chat,
    "completions": completion,
    "responses": response,
    "messages": messages,
}


def prompt_of(endpoint: str, body: Json) -> Json:
    """Returns a prompt in protobuf's JSON form.

    Raises:
        NotSayable: The contract can't say it.
    """
    members = Members(body, "body")
    members.take("model", "stream", "stream_options", "store")  # how it is asked, not what
    prompt = _READERS[endpoint](members)
    members.end()
    if not any(part.get("text", "x").strip() for message in prompt["messages"] for part in message["parts"]):
        raise NotSayable("messages without content")
    return {name: value for name, value in prompt.items() if value}


def meaning(prompt: Json) -> Json:
    """Returns what a prompt says: speakers' turns joined, calls numbered as they come, schemas and seals read."""
    names: dict[str, str] = {}
    turns: list[Json] = []
    for message in prompt["messages"]:
        parts = [_numbered(part, names) for part in message["parts"]]
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["parts"] += parts
        else:
            turns.append({"role": message["role"], "parts": parts})
    for turn in turns:
        turn["parts"] = list(_joined(turn["parts"], "\n\n" if turn["role"] == "ROLE_SYSTEM" else ""))
    tools = list(map(_read_tool, prompt.get("tools", [])))
    form = dict(prompt.get("responseFormat", {}))
    if "schema" in form:
        form["schema"] = _read_schema(form["schema"])
    return prompt | {"messages": [turn for turn in turns if turn["parts"]], "tools": tools, "responseFormat": form}


def _read_tool(tool: Json) -> Json:
    if "function" not in tool:
        return tool
    schema = _read_schema(tool["function"].get("parametersSchema"))
    return {**tool, "function": {**tool["function"], "parametersSchema": schema}}


def _numbered(part: Json, names: dict[str, str]) -> Json:
    """Replaces the id of a call by its number, as Mistral accepts only ids of nine characters."""
    for kind, member in (("toolCall", "id"), ("toolResult", "toolCallId")):
        if kind in part:
            found = dict(part[kind])
            found[member] = names.setdefault(found[member] or "", str(len(names)))
            if "parts" in found:
                found["parts"] = list(_joined(found["parts"], ""))
            return {**part, kind: found}
    return part


def _joined(parts: Iterable[Json], separator: str) -> Iterator[Json]:
    """Joins neighbouring texts, and leaves out blank ones."""
    text: list[str] = []
    for part in parts:
        if "text" in part and "cache" not in part:
            text += [part["text"]] if part["text"].strip() else []
            continue
        if text:
            yield {"text": separator.join(text)}
            text = []
        yield part
    if text:
        yield {"text": separator.join(text)}


def _read_schema(schema: str | None) -> Any:
    return json.loads(schema) if schema else {"type": "object", "properties": {}}

"""What the readers of requests share: members that have to be taken, and the parts of a prompt they have in common."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

Json = dict[str, Any]

EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
_SEARCHES = frozenset({"web_search", "web_search_preview", "openrouter:web_search"})
_DETAILS: dict[str | None, Json] = {
    None: {},
    "auto": {},
    "low": {"detail": "DETAIL_LOW"},
    "high": {"detail": "DETAIL_HIGH"},
}
_ROLES = {"system": "ROLE_SYSTEM", "developer": "ROLE_SYSTEM", "user": "ROLE_USER", "assistant": "ROLE_ASSISTANT"}


class NotSayable(Exception):
    """The contract has no words for a member of a request."""


class Members:
    """The members of an object, each of which has to be taken; null ones say nothing."""

    def __init__(self, found: Any, path: str) -> None:
        if not isinstance(found, dict):
            raise NotSayable(f"{path} is not an object")
        self.path = path
        self._left = {name: value for name, value in found.items() if value is not None}

    def take(self, *names: str) -> Any:
        """Takes members of one meaning, and returns the first that there is; else None."""
        found = [value for name in names if (value := self._left.pop(name, None)) is not None]
        return found[0] if found else None

    def only(self, name: str, *values: Any) -> None:
        """Takes a member that says nothing if it has one of these values."""
        if name in self._left and self._left[name] not in values:
            raise NotSayable(f"{self.path}.{name}")
        self._left.pop(name, None)

    def end(self) -> None:
        """Checks that every member was taken."""
        if self._left:
            raise NotSayable(f"{self.path}.{min(self._left)}")


def tool_of(tool: Members, *, nested: bool) -> Json:
    if (kind := tool.take("type")) in _SEARCHES:
        tool.end()
        return {"providerTool": {"name": "web_search"}}
    if kind != "function":
        raise NotSayable(f"tools of type {kind}")
    function = Members(tool.take("function"), "tools.function") if nested else tool
    schema = function.take("parameters")
    read = given(name=function.take("name"), description=function.take("description"), strict=function.take("strict"))
    function.end()
    cache = cache_of(tool)
    tool.end()
    return {"function": read | schema_of(schema, "parametersSchema"), **cache}


def tool_choice_of(body: Members) -> Json:
    chosen, parallel = body.take("tool_choice") or "auto", body.take("parallel_tool_calls")
    if isinstance(chosen, dict):
        return choice_of("MODE_TOOL", chosen.get("function", chosen)["name"], parallel)
    mode = {"auto": "MODE_AUTO", "none": "MODE_NONE", "any": "MODE_REQUIRED", "required": "MODE_REQUIRED"}[chosen]
    return choice_of(mode, None, parallel)


def choice_of(mode: str, name: str | None, parallel: bool | None) -> Json:
    read = {} if mode == "MODE_AUTO" else {"mode": mode}
    return read | ({"toolName": name} if name else {}) | ({} if parallel is None else {"parallelToolCalls": parallel})


def response_format_of(form: Json | None, *, nested: bool) -> Json:
    found = Members(form or {}, "response_format")
    kind = found.take("type")
    if kind == "json_schema":
        inner = Members(found.take("json_schema"), "response_format.json_schema") if nested else found
        read = given(name=inner.take("name"), strict=inner.take("strict")) | schema_of(inner.take("schema"), "schema")
        inner.end()
        found.end()
        return {"type": "TYPE_JSON_SCHEMA", **read}
    found.end()
    return {"type": "TYPE_JSON_OBJECT"} if kind == "json_object" else {}


def sampling_of(body: Members, effort: str | None) -> Json:
    stop = body.take("stop", "stop_sequences") or []
    return given(
        temperature=body.take("temperature"),
        topP=body.take("top_p"),
        topK=body.take("top_k"),
        maxOutputTokens=body.take("max_completion_tokens", "max_tokens", "max_output_tokens"),
        stopSequences=[stop] if isinstance(stop, str) else stop,
        seed=body.take("seed", "random_seed"),
        frequencyPenalty=body.take("frequency_penalty"),
        presencePenalty=body.take("presence_penalty"),
        reasoningEffort=effort and f"REASONING_EFFORT_{effort.upper()}",
        logprobs=_logprobs(body),
    )


def _logprobs(body: Members) -> int | None:
    asked, alternatives = body.take("logprobs"), body.take("top_logprobs")
    return asked and (alternatives or 0)


def message_of(role: str, parts: list[Json]) -> Json:
    if role not in _ROLES:
        raise NotSayable(f"messages.role {role}")
    return {"role": _ROLES[role], "parts": parts}


def image_of(found: Any) -> Json:
    image = Members({"url": found} if isinstance(found, str) else found, "image_url")
    address = image.take("url")
    detail = image.take("detail")
    if detail not in _DETAILS:
        raise NotSayable("image_url.detail")
    image.end()
    return media_of(address, None) | _DETAILS[detail]


def cache_of(part: Members) -> Json:
    """Returns the hint of a part or a tool."""
    marked = part.take("cache_control")
    return {} if marked is None else {"cache": {"ttl": "3600s"} if marked.get("ttl") == "1h" else {}}


def media_of(address: Any, filename: str | None) -> Json:
    if not isinstance(address, str):
        raise NotSayable("a file by the id of what the vendor keeps")
    named = {"filename": filename} if filename else {}
    if found := re.match(r"data:([^;,]*);base64,", address):
        data = address[found.end() :]
        try:
            base64.b64decode(data, validate=True)
        except ValueError:
            raise NotSayable("data that the recorder cut") from None
        return {"data": data, "mimeType": found[1], **named}
    return {"uri": address, **named}


def arguments_of(text: str | None) -> str:
    """Returns arguments in one way to write them."""
    try:
        return json.dumps(json.loads(text or "{}"), sort_keys=True)
    except ValueError:
        return text or ""


def schema_of(schema: Any, name: str) -> Json:
    if schema is None:
        return {}
    if not isinstance(schema, dict):
        raise NotSayable("a schema that is not an object")
    return {name: json.dumps(schema, sort_keys=True)}


def given(**members: Any) -> Json:
    return {name: value for name, value in members.items() if value not in (None, "", [], False)}


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()

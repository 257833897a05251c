"""Turns a conversation into the API's format."""

import re
from collections.abc import Iterable, Sequence

import orjson

from ymera_bedrock.caching import cache_point
from ymera_bedrock.converse_reader import FORMAT
from ymera_bedrock.media import Names, media_block
from ymera_bedrock.profiles import Profile
from ymera_bedrock.signatures import reasoning_block
from ymera_service.sdk.content import (
    Media,
    Message,
    Part,
    ProviderBlock,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.wire.blocks import opened
from ymera_service.sdk.wire.json_reader import Json, strict_object

_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_.:-]")
_LONGEST_ID = 64


def system_blocks(messages: Iterable[Message], profile: Profile, *notes: str) -> list[Json]:
    """Returns the blocks of all system messages and notes."""
    texts = [
        part for message in messages if message.role is Role.SYSTEM for part in message.parts if type(part) is Text
    ]
    return [block for part in (*texts, *map(Text, notes)) for block in _text(part, profile)]


def conversation(messages: Iterable[Message], profile: Profile) -> list[Json]:
    """Returns the turns of user and assistant, which alternate.

    Raises:
        InvalidProviderRequest: The API has no block for what a message contains.
    """
    encoder = _Encoder(profile)
    turns: list[Json] = []
    for message in messages:
        groups = encoder.groups(message.parts) if message.role is not Role.SYSTEM else []
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        if groups and turns and turns[-1]["role"] == role:
            turns[-1]["content"] += groups
        elif groups:
            turns.append({"role": role, "content": groups})
    for turn in turns:
        # Claude requires the results of tools to come before the other blocks of a turn of the user.
        groups = sorted(turn["content"], key=lambda group: turn["role"] == "user" and "toolResult" not in group[0])
        turn["content"] = [block for group in groups for block in group]
    return turns


class _Encoder:
    """Encodes the parts of one prompt."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._names = Names()

    def groups(self, parts: Iterable[Part]) -> list[list[Json]]:
        """Returns the blocks of each part: one, and a point for the cache if that is asked for."""
        return [blocks for part in parts if (blocks := self._blocks(part))]

    def _blocks(self, part: Part) -> list[Json]:
        match part:
            case Text() | Refusal():
                return _text(part if isinstance(part, Text) else Text(part.text), self._profile)
            case Media():
                return [media_block(part, self._names), *cache_point(part.cache, self._profile)]
            case ToolCall():
                return [_tool_use(part)]
            case ToolResult():
                return [self._tool_result(part), *cache_point(part.cache, self._profile)]
            case Reasoning():
                return _present(reasoning_block(part) if self._profile.signs else None)
            case ProviderBlock():
                return _present(opened(part, FORMAT))

    def _tool_result(self, result: ToolResult) -> Json:
        content = [
            block
            for part in result.parts
            for block in (_text(Text(part.text), self._profile) if isinstance(part, Text) else [self._media(part)])
        ]
        encoded: Json = {"toolUseId": _id(result.tool_call_id), "content": content}
        return {"toolResult": encoded | ({"status": "error"} if result.is_error else {})}

    def _media(self, media: Media) -> Json:
        block = media_block(media, self._names)
        if "audio" in block:
            raise InvalidProviderRequest("Bedrock accepts no audio in the result of a tool", param="messages")
        return block


def _present(block: Json | None) -> list[Json]:
    return [block] if block else []


def _text(part: Text, profile: Profile) -> list[Json]:
    # The API refuses blank blocks, which its own answers may contain.
    return [{"text": part.text}, *cache_point(part.cache, profile)] if part.text.strip() else []


def _tool_use(call: ToolCall) -> Json:
    arguments = json_object(call.arguments, call.name)
    return {"toolUse": {"toolUseId": _id(call.id), "name": call.name, "input": arguments}}


def _id(call_id: str) -> str:
    """Replaces what the API refuses; ids of other vendors are longer, or contain other characters."""
    return _NOT_IN_IDS.sub("_", call_id)[-_LONGEST_ID:]


def json_object(document: str, of: str) -> orjson.Fragment:
    """Returns a JSON object as it is written; empty text becomes an empty object.

    Raises:
        InvalidProviderRequest: The document is not a JSON object; the API accepts nothing else.
    """
    if strict_object(document or "{}") is None:
        raise InvalidProviderRequest(f"{of}: the Converse API accepts only JSON objects, not {document[:100]!r}")
    return orjson.Fragment(document or "{}")


def called_tools(messages: Sequence[Message]) -> list[str]:
    """Returns the names of the tools that the conversation calls, each once."""
    calls = (part for message in messages for part in message.parts if isinstance(part, ToolCall))
    return list(dict.fromkeys(call.name for call in calls))

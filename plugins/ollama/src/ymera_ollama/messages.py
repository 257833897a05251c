"""Turns a conversation into the API's messages."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence

import orjson

from ymera_ollama.answer_reader import MADE_UP
from ymera_service.sdk.content import (
    Media,
    MediaKind,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.wire.json_reader import Json, strict_object


def encode_messages(messages: Sequence[Message], note: str = "") -> list[Json]:
    """Returns the messages of a request; a note is added to the first system message, or becomes one.

    Raises:
        InvalidProviderRequest: The API has no form for what a message contains.
    """
    names = {part.id: part.name for message in messages for part in message.parts if isinstance(part, ToolCall)}
    encoded = [each for message in messages for each in _encode(message, names)]
    if note and encoded and encoded[0]["role"] == "system":
        encoded[0]["content"] = f"{encoded[0]['content']}\n\n{note}"
    elif note:
        encoded.insert(0, {"role": "system", "content": note})
    return encoded


def json_object(document: str, of: str) -> orjson.Fragment:
    """Returns a JSON object as it is written; empty text becomes an empty object.

    Raises:
        InvalidProviderRequest: The document is not a JSON object; the API accepts nothing else.
    """
    if strict_object(document or "{}") is None:
        raise InvalidProviderRequest(f"{of}: Ollama accepts only JSON objects, not {document[:100]!r}")
    return orjson.Fragment(document or "{}")


def _encode(message: Message, names: Mapping[str, str]) -> Iterator[Json]:
    if message.role is Role.ASSISTANT:
        yield _assistant(message)
        return
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    for result in results:
        yield _result(result, names)
    said = [part for part in message.parts if not isinstance(part, ToolResult)]
    if said or not results:
        role = Role.SYSTEM if message.role is Role.SYSTEM else Role.USER
        yield {"role": role.value, **_content(said)}


def _assistant(message: Message) -> Json:
    said = [part for part in message.parts if not isinstance(part, Reasoning | ToolCall)]
    encoded: Json = {"role": "assistant", **_content(said)}
    if thoughts := "".join(part.text for part in message.parts if isinstance(part, Reasoning)):
        encoded["thinking"] = thoughts
    if calls := [_call(part) for part in message.parts if isinstance(part, ToolCall)]:
        encoded["tool_calls"] = calls
    return encoded


def _call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": json_object(call.arguments, call.name)}
    return {**_id("id", call.id), "function": function}


def _result(result: ToolResult, names: Mapping[str, str]) -> Json:
    name = names.get(result.tool_call_id)
    named = {"tool_name": name} if name else {}
    return {"role": "tool", **named, **_id("tool_call_id", result.tool_call_id), **_content(result.parts)}


def _id(name: str, id_: str) -> Json:
    return {} if not id_ or id_.startswith(MADE_UP) else {name: id_}


def _content(parts: Sequence[Part]) -> Json:
    encoded: Json = {"content": "".join(part.text for part in parts if isinstance(part, Text | Refusal))}
    if images := [_image(part) for part in parts if isinstance(part, Media)]:
        encoded["images"] = images
    return encoded


def _image(media: Media) -> str:
    if media.kind is not MediaKind.IMAGE:
        raise InvalidProviderRequest(f"Ollama accepts pictures, but no media of the kind {media.kind}")
    if not media.data:
        raise InvalidProviderRequest("Ollama accepts pictures as data only, not by an address")
    return b64encode(media.data).decode()

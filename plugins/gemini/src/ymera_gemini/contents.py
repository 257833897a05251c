"""Turns a conversation into the API's format."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence

import orjson

from ymera_gemini.profiles import Profile
from ymera_gemini.response_reader import FORMAT, MADE_UP
from ymera_gemini.signatures import Place, Signature, opened
from ymera_service.sdk.content import (
    Detail,
    Media,
    MediaKind,
    Message,
    ProviderBlock,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.wire.blocks import opened as opened_block
from ymera_service.sdk.wire.json_reader import Json, strict_object

_FILES = "https://generativelanguage.googleapis.com/v1beta"
_UNVERIFIED = "skip_thought_signature_validator"
"""Stands for the signature of a call that another model made; see https://ai.google.dev/gemini-api/docs/thought-signatures."""


def system_instruction(messages: Sequence[Message], *notes: str) -> Json:
    """Returns all system messages and notes, each a part; empty if there are none."""
    texts = [message.text for message in messages if message.role is Role.SYSTEM]
    parts = [{"text": text} for text in [*texts, *notes] if text]
    return {"parts": parts} if parts else {}


def contents(messages: Sequence[Message], profile: Profile) -> list[Json]:
    """Returns the turns of user and model. The results of parallel calls are one turn, which the API requires.

    Raises:
        InvalidProviderRequest: The API has no part for what a message contains.
    """
    names = {part.id: part.name for message in messages for part in message.parts if isinstance(part, ToolCall)}
    turns: list[Json] = []
    before: Role | None = None
    for message in messages:
        if message.role is Role.SYSTEM:
            continue
        parts = _parts(message, names, profile)
        if message.role is before and turns:
            turns[-1]["parts"] += parts
        elif parts:
            turns.append({"role": "model" if message.role is Role.ASSISTANT else "user", "parts": parts})
            before = message.role
    return turns


def _parts(message: Message, names: Mapping[str, str], profile: Profile) -> list[Json]:
    parts: list[Json] = []
    of_call = ""
    for part in message.parts:
        match part:
            case Reasoning():
                signature = opened(part.signature)
                if signature and signature.place is Place.CALL:
                    of_call = signature.value
                elif signature:
                    _sign(parts, part, signature)
            case ToolCall():
                parts.append(_call(part, of_call))
                of_call = ""
            case ToolResult():
                parts += _result(part, names, profile)
            case _:
                parts += _simple(part)
    if profile.signed:
        _sign_first_call(parts)
    return parts


def _simple(part: Text | Refusal | Media | ProviderBlock) -> list[Json]:
    if isinstance(part, Media):
        return [_media(part)]
    if isinstance(part, ProviderBlock):
        return [block] if (block := opened_block(part, FORMAT)) else []
    return [{"text": part.text}] if part.text else []


def _sign(parts: list[Json], reasoning: Reasoning, signature: Signature) -> None:
    if signature.place is Place.THOUGHT:
        parts.append({"text": reasoning.text, "thought": True, "thoughtSignature": signature.value})
    elif signature.place is Place.TEXT and parts and "text" in parts[-1] and "thoughtSignature" not in parts[-1]:
        parts[-1]["thoughtSignature"] = signature.value
    else:
        parts.append({"text": "", "thoughtSignature": signature.value})


def _sign_first_call(parts: list[Json]) -> None:
    """Marks the first call of a turn as unverified if it has no signature; of parallel calls only the first has one."""
    first = next((part for part in parts if "functionCall" in part), None)
    if first is not None:
        first.setdefault("thoughtSignature", _UNVERIFIED)


def _call(call: ToolCall, signature: str) -> Json:
    function: Json = {"name": call.name, "args": json_object(call.arguments, call.name), **_id(call.id)}
    return {"functionCall": function} | ({"thoughtSignature": signature} if signature else {})


def _result(result: ToolResult, names: Mapping[str, str], profile: Profile) -> list[Json]:
    name = names.get(result.tool_call_id)
    if name is None:
        raise InvalidProviderRequest("a tool result belongs to no call in the prompt", param="messages")
    media = [_media(part) for part in result.parts if isinstance(part, Media)]
    function: Json = {"name": name, "response": _response(result), **_id(result.tool_call_id)}
    if not media:
        return [{"functionResponse": function}]
    if profile.signed:  # only since version 3 may a result contain media
        return [{"functionResponse": function | {"parts": media}}]
    return [{"functionResponse": function}, *media]


def _response(result: ToolResult) -> object:
    """Returns a result as the object that the API requires: as it is, or under the name that the API gives it."""
    text = "".join(part.text for part in result.parts if isinstance(part, Text))
    if result.is_error:
        return {"error": text}
    return orjson.Fragment(text) if strict_object(text) is not None else {"output": text}


def _id(call_id: str) -> Json:
    return {} if not call_id or call_id.startswith(MADE_UP) else {"id": call_id}


def _media(media: Media) -> Json:
    if uri := media.uri or _address(media.file_id):
        return {"fileData": {"fileUri": uri} | ({"mimeType": media.mime_type} if media.mime_type else {})}
    # The API refuses JSON documents by their type, and reads them as text.
    mime_type = "text/plain" if media.mime_type == "application/json" else media.mime_type
    return {"inlineData": {"mimeType": mime_type, "data": b64encode(media.data).decode()}}


def _address(file_id: str) -> str:
    """Returns the address of a file that the API keeps, whose id may be its name there, such as `files/abc`."""
    return file_id if "://" in file_id or not file_id else f"{_FILES}/{file_id}"


def detail_of(messages: Iterable[Message]) -> Detail | None:
    """Returns how closely to look at pictures: the API has one level for all of them, so the closest of them."""
    details = _details(messages)
    return Detail.HIGH if Detail.HIGH in details else Detail.LOW if Detail.LOW in details else None


def has_mixed_details(messages: Iterable[Message]) -> bool:
    """Returns whether pictures are to be looked at with different levels of detail."""
    details = _details(messages)
    return len(details) > 1 and details != {None}


def _details(messages: Iterable[Message]) -> set[Detail | None]:
    parts = (part for message in messages for part in message.parts if type(part) is Media)
    return {part.detail for part in parts if part.kind in (MediaKind.IMAGE, MediaKind.VIDEO)}


def json_object(document: str, of: str) -> orjson.Fragment:
    """Returns a JSON object as it is written; empty text becomes an empty object.

    Raises:
        InvalidProviderRequest: The document is not a JSON object; the API accepts nothing else.
    """
    if strict_object(document or "{}") is None:
        raise InvalidProviderRequest(f"{of}: the Gemini API accepts only JSON objects, not {document[:100]!r}")
    return orjson.Fragment(document or "{}")


def has_media_results(messages: Iterable[Message]) -> bool:
    """Returns whether the result of a tool contains media."""
    results = (part for message in messages for part in message.parts if isinstance(part, ToolResult))
    return any(isinstance(part, Media) for result in results for part in result.parts)

"""Turns a conversation into the API's format."""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence

import orjson

from ymera_anthropic.caching import cache_control
from ymera_anthropic.signatures import thinking_block
from ymera_service.sdk.content import (
    Media,
    MediaKind,
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

FORMAT = "anthropic.messages"
"""Of the blocks of tools that the API runs itself."""
_IMAGE_TYPES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
_PDF = "application/pdf"
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def system_prompt(messages: Sequence[Message], *notes: str) -> str | list[Json]:
    """Returns all system messages and notes, joined by a blank line; in blocks if some are to be cached."""
    system = [message for message in messages if message.role is Role.SYSTEM]
    if any(isinstance(part, Text) and part.cache for message in system for part in message.parts):
        return [*(block for message in system for block in _blocks(message.parts)), *_blocks(map(Text, notes))]
    return "\n\n".join(filter(None, [*(message.text for message in system), *notes]))


def conversation(messages: Iterable[Message]) -> list[Json]:
    """Returns the turns of user and assistant, which alternate.

    Raises:
        InvalidProviderRequest: The API has no block for the kind of a part.
    """
    turns: list[Json] = []
    for message in messages:
        blocks = _blocks(message.parts) if message.role is not Role.SYSTEM else []
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    for turn in turns:
        # The API requires tool results to come before the other blocks of a turn.
        turn["content"].sort(key=lambda block: block["type"] != "tool_result")
    return turns


def _blocks(parts: Iterable[Part]) -> list[Json]:
    return [block for part in parts if (block := _cached(_block(part), part)) is not None]


def _cached(block: Json | None, part: Part) -> Json | None:
    if block is None or not isinstance(part, Text | Media | ToolResult):
        return block
    return block | cache_control(part.cache)


def _block(part: Part) -> Json | None:
    match part:
        case Text(text=text) | Refusal(text):
            # The API refuses blank blocks, which its own answers may contain.
            return {"type": "text", "text": text} if text.strip() else None
        case Media():
            return _media_block(part)
        case ToolCall():
            return _tool_use(part)
        case ToolResult():
            return _tool_result(part)
        case Reasoning():
            return thinking_block(part)
        case ProviderBlock():
            return opened(part, FORMAT)


def has_files(messages: Iterable[Message]) -> bool:
    """Returns whether a message has a file that the API keeps."""
    return any(isinstance(part, Media) and part.file_id for message in messages for part in message.parts)


def _tool_use(call: ToolCall) -> Json:
    return {"type": "tool_use", "id": _id(call.id), "name": call.name, "input": json_object(call.arguments, call.name)}


def _tool_result(result: ToolResult) -> Json:
    block: Json = {"type": "tool_result", "tool_use_id": _id(result.tool_call_id)}
    if content := _blocks(result.parts):
        alone = content[0] if len(content) == 1 and "cache_control" not in content[0] else {}
        block["content"] = alone.get("text") or content
    if result.is_error:
        block["is_error"] = True
    return block


def _id(call_id: str) -> str:
    """Replaces characters that the API refuses; ids of other vendors contain them."""
    return _NOT_IN_IDS.sub("_", call_id)


def _media_block(media: Media) -> Json:
    if media.kind is MediaKind.IMAGE or media.mime_type in _IMAGE_TYPES:
        return {"type": "image", "source": _bytes_or_address(media, media.mime_type)}
    if media.kind is not MediaKind.FILE:
        raise InvalidProviderRequest(f"the Messages API does not accept {media.kind.value}", param="messages")
    block: Json = {"type": "document", "source": _document_source(media)}
    if media.filename:
        block["title"] = media.filename
    return block


def _document_source(media: Media) -> Json:
    if media.uri or media.file_id or media.mime_type == _PDF:
        return _bytes_or_address(media, _PDF)
    if media.mime_type.startswith("text/") or media.mime_type == "application/json":
        return {"type": "text", "media_type": "text/plain", "data": _words(media.data)}
    raise InvalidProviderRequest(
        f"the Messages API does not accept documents of type {media.mime_type!r}", param="messages"
    )


def _bytes_or_address(media: Media, mime_type: str) -> Json:
    if media.file_id:
        return {"type": "file", "file_id": media.file_id}
    if media.uri:
        return {"type": "url", "url": media.uri}
    return {"type": "base64", "media_type": mime_type, "data": b64encode(media.data).decode()}


def _words(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidProviderRequest("a text document is not UTF-8", param="messages") from None


def json_object(document: str, of: str) -> orjson.Fragment:
    """Returns a JSON object as it is written; empty text becomes an empty object.

    Raises:
        InvalidProviderRequest: The document is not a JSON object; the API accepts nothing else.
    """
    if strict_object(document or "{}") is None:
        raise InvalidProviderRequest(f"{of}: the Messages API accepts only JSON objects, not {document[:100]!r}")
    return orjson.Fragment(document or "{}")

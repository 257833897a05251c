"""Encodes messages for chat completions."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256

from ymera_openai.quirks import Quirks, ReasoningEcho
from ymera_service.sdk.content import (
    CacheHint,
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

_MISTRAL_ID = re.compile(r"[A-Za-z0-9]{9}")
_FORMATS = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav", "vnd.wave": "wav", "mp4": "m4a", "x-m4a": "m4a"}
USUAL_TTL = 300.0
"""Seconds for which OpenRouter's vendors keep what they cache, unless asked to keep it for an hour."""
_MIME_TYPES = {
    MediaKind.IMAGE: "image/png",
    MediaKind.AUDIO: "audio/wav",
    MediaKind.FILE: "application/pdf",
    MediaKind.VIDEO: "video/mp4",
}


def encode_messages(messages: Sequence[Message], quirks: Quirks, system_role: str) -> list[Json]:
    """Returns the messages of a request.

    Raises:
        InvalidProviderRequest: Chat completions can't express a part.
    """
    return [encoded for message in messages for encoded in _encode(message, quirks, system_role)]


def data_uri(media: Media) -> str:
    """Returns the address of a media part, or its bytes as a `data:` address."""
    if media.uri:
        return media.uri
    return f"data:{media.mime_type or _MIME_TYPES[media.kind]};base64,{b64encode(media.data).decode()}"


def result_text(result: ToolResult) -> str:
    """Returns the text parts of a tool's result, joined."""
    return "".join(part.text for part in result.parts if isinstance(part, Text))


def _encode(message: Message, quirks: Quirks, system_role: str) -> Iterator[Json]:
    if message.role is Role.ASSISTANT:
        yield _assistant(message, quirks)
        return
    if message.role is Role.SYSTEM:
        yield {"role": system_role, "content": _content(message.parts, quirks)}
        return
    shown: list[Part] = []
    for part in message.parts:
        if isinstance(part, ToolResult):
            media = [inner for inner in part.parts if isinstance(inner, Media)]
            content = _content(part.parts, quirks) if media and quirks.result_media else result_text(part)
            yield {"role": "tool", "tool_call_id": _call_id(part.tool_call_id, quirks), "content": content}
            if not quirks.result_media:
                shown += media
        else:
            shown.append(part)
    if shown or message.role is Role.USER:
        yield {"role": "user", "content": _content(shown, quirks)}


def _content(parts: Sequence[Part], quirks: Quirks) -> str | list[Json]:
    if len(parts) == 1 and isinstance(parts[0], Text) and not (parts[0].cache and quirks.cache_control):
        return parts[0].text
    return [_cached(_part(part, quirks), part, quirks) for part in parts] if parts else ""


def _cached(encoded: Json, part: Part, quirks: Quirks) -> Json:
    hint = part.cache if isinstance(part, Text | Media) else None
    return encoded | cache_control(hint, quirks)


def cache_control(hint: CacheHint | None, quirks: Quirks) -> Json:
    """Returns the member of a part or tool that asks for caching; empty without a hint, or where nothing reads it."""
    if hint is None or not quirks.cache_control:
        return {}
    return {"cache_control": {"type": "ephemeral"} | ({"ttl": "1h"} if (hint.ttl or 0) > USUAL_TTL else {})}


def _part(part: Part, quirks: Quirks) -> Json:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if not isinstance(part, Media):
        raise InvalidProviderRequest(f"chat completions do not accept {type(part).__name__} in this message")
    return _kept(part, quirks) if part.file_id else _media(part, quirks)


def _media(part: Media, quirks: Quirks) -> Json:
    if part.kind is MediaKind.IMAGE:
        return {"type": "image_url", "image_url": {"url": data_uri(part), **detail_of(part)}}
    if part.kind is MediaKind.AUDIO:
        return _audio(part, quirks)
    if part.kind is MediaKind.VIDEO:
        return _video(part, quirks)
    if quirks.mistral:
        named = {"document_name": part.filename} if part.filename else {}
        return {"type": "document_url", "document_url": data_uri(part), **named}
    return {"type": "file", "file": {"filename": part.filename or "file", "file_data": data_uri(part)}}


def _video(media: Media, quirks: Quirks) -> Json:
    if quirks.openai_families or quirks.mistral:
        raise InvalidProviderRequest("the vendor's chat completions do not accept videos")
    return {"type": "video_url", "video_url": {"url": data_uri(media)}}


def detail_of(media: Media) -> Json:
    """Returns the member of a picture that says how closely to look at it; empty to leave that to the vendor."""
    return {"detail": media.detail.value} if media.detail else {}


def _kept(media: Media, quirks: Quirks) -> Json:
    """Returns a file that the vendor keeps."""
    if media.kind is not MediaKind.FILE:
        raise InvalidProviderRequest(f"chat completions do not accept the id of a file as {media.kind.value}")
    if quirks.mistral:
        return {"type": "file", "file_id": media.file_id}
    return {"type": "file", "file": {"file_id": media.file_id}}


def _audio(media: Media, quirks: Quirks) -> Json:
    data = b64encode(media.data).decode()
    if quirks.mistral:
        return {"type": "input_audio", "input_audio": media.uri or data}
    if media.uri:
        raise InvalidProviderRequest("chat completions accept audio as data, not by its address")
    subtype = media.mime_type.rpartition("/")[2].lower() or "wav"
    return {"type": "input_audio", "input_audio": {"data": data, "format": _FORMATS.get(subtype, subtype)}}


def _assistant(message: Message, quirks: Quirks) -> Json:
    content = "".join(part.text for part in message.parts if isinstance(part, Text))
    refusal = "".join(part.text for part in message.parts if isinstance(part, Refusal))
    thoughts = [part for part in message.parts if isinstance(part, Reasoning)]
    calls = [_call(part, quirks) for part in message.parts if isinstance(part, ToolCall)]
    if refusal and not quirks.refusals:
        content, refusal = content + refusal, ""
    encoded: Json = {"role": "assistant", "content": content or (None if calls or refusal else "")}
    if refusal:
        encoded["refusal"] = refusal
    if calls:
        encoded["tool_calls"] = calls
    if thoughts:
        _echo(encoded, thoughts, quirks.echo)
    return encoded


def _call(call: ToolCall, quirks: Quirks) -> Json:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": _call_id(call.id, quirks), "type": "function", "function": function}


def _call_id(id_: str, quirks: Quirks) -> str:
    """Mistral accepts only ids of nine letters and digits; other ids are mapped to such."""
    if not quirks.mistral or _MISTRAL_ID.fullmatch(id_):
        return id_
    return sha256(id_.encode()).hexdigest()[:9]


def _echo(encoded: Json, thoughts: Sequence[Reasoning], echo: ReasoningEcho) -> None:
    """Adds a model's earlier thinking in the field that the vendor reads."""
    thought = "".join(part.text for part in thoughts)
    if echo is ReasoningEcho.DETAILS:
        encoded["reasoning_details"] = _details(thoughts)
    elif echo is ReasoningEcho.PARTS and thought:
        thinking = {"type": "thinking", "thinking": [{"type": "text", "text": thought}]}
        content = encoded["content"]
        encoded["content"] = [thinking, {"type": "text", "text": content}] if content else [thinking]
    elif echo in (ReasoningEcho.CONTENT, ReasoningEcho.PLAIN) and thought:
        encoded[echo.value] = thought


_TEXT_OF = {"reasoning.text": "text", "reasoning.summary": "summary"}
"""The member that holds the text, by the type of a detail."""


def _details(thoughts: Sequence[Reasoning]) -> list[Json]:
    """Rebuilds OpenRouter's `reasoning_details`: signed ones with their text, and one more for text without one."""
    details: list[Json] = []
    text = ""
    for part in thoughts:
        text += part.text
        if not part.signature:
            continue
        detail = _sealed(part.signature)
        if member_name := _TEXT_OF.get(str(detail.get("type"))):
            detail[member_name], text = text, ""
        details.append(detail)
    if text:
        details.insert(0, {"type": "reasoning.text", "text": text})
    return details


def _sealed(signature: bytes) -> Json:
    detail = strict_object(signature)
    if detail and "type" in detail:
        return detail
    return {"type": "reasoning.text", "signature": signature.decode("utf-8", "replace")}

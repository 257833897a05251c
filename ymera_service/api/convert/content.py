"""Prompts and messages."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from ymera.v1 import content_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.sampling import sampling_of
from ymera_service.api.convert.tools import response_format_of, tool_choice_of, tools_of
from ymera_service.api.convert.violations import Violations
from ymera_service.sdk.content import (
    Citation,
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
from ymera_service.sdk.generation import FinishReason, Prompt, ResponseFormat, ToolChoice

_ROLES = {
    pb.ROLE_SYSTEM: Role.SYSTEM,
    pb.ROLE_USER: Role.USER,
    pb.ROLE_ASSISTANT: Role.ASSISTANT,
    pb.ROLE_TOOL: Role.TOOL,
}
_ROLE_NUMBERS = {role: number for number, role in _ROLES.items()}
_ONLY_ASSISTANT = frozenset({"tool_call", "reasoning", "refusal"})
_RESULT_KINDS = frozenset({"text", "image", "file"})
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(\s*;.*)?")

MAX_MESSAGES = 4096
MAX_PARTS = 4096
"""Parts in all messages, those of tool results included. Each costs some 20 µs on the event loop: converting,
estimating, classifying."""

_ANY_TOOL = ToolChoice()
_FREE_TEXT = ResponseFormat()

FINISH_REASONS = {
    FinishReason.STOP: pb.FINISH_REASON_STOP,
    FinishReason.LENGTH: pb.FINISH_REASON_LENGTH,
    FinishReason.TOOL_CALLS: pb.FINISH_REASON_TOOL_CALLS,
    FinishReason.CONTENT_FILTER: pb.FINISH_REASON_CONTENT_FILTER,
    FinishReason.ERROR: pb.FINISH_REASON_ERROR,
}


def prompt_of(prompt: pb.Prompt, faults: Violations) -> Prompt:
    """Returns a prompt, noting every fault in it under the path `prompt`."""
    if not _is_short(prompt.messages, faults):
        return Prompt(())
    messages = tuple([_message(message, f"prompt.messages[{i}]", faults) for i, message in enumerate(prompt.messages)])
    if not _have_content(messages):
        faults.add("prompt.messages", "holds no content; give at least one message with some text or other part")
    if not (prompt.tools or prompt.HasField("tool_choice") or prompt.HasField("response_format")):
        return Prompt(messages, (), _ANY_TOOL, _FREE_TEXT, sampling_of(prompt, faults))
    tools = tools_of(prompt.tools, faults)
    return Prompt(
        messages,
        tools,
        tool_choice_of(prompt, tools, faults),
        response_format_of(prompt, faults),
        sampling_of(prompt, faults),
    )


def _is_short(messages: Sequence[pb.Message], faults: Violations) -> bool:
    """Tells whether there are few enough messages and parts to be looked at one by one."""
    path = "prompt.messages"
    if not faults.few(path, len(messages), MAX_MESSAGES):
        return False
    parts = sum([len(message.parts) for message in messages])
    if parts <= MAX_PARTS:
        results = [message for message in messages if message.role == pb.ROLE_TOOL]
        parts += sum(len(part.tool_result.parts) for message in results for part in message.parts)
    if parts > MAX_PARTS:
        faults.add(path, f"hold {parts:,} parts; at most {MAX_PARTS:,} are allowed")
    return parts <= MAX_PARTS


def _message(message: pb.Message, path: str, faults: Violations) -> Message:
    role = _ROLES.get(message.role)
    if role is None:
        faults.add(f"{path}.role", "is not set or not known; use ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT or ROLE_TOOL")
    parts = tuple([_part(part, role, f"{path}.parts[{i}]", faults) for i, part in enumerate(message.parts)])
    if not parts:
        faults.add(f"{path}.parts", "is empty; a message has at least one part")
    return Message(role or Role.USER, parts)


def _part(part: pb.Part, role: Role | None, path: str, faults: Violations) -> Part:
    kind = part.WhichOneof("kind")
    if kind == "text" and role is not Role.TOOL:
        return Text(faults.text(path + ".text", part.text))
    if kind is None:
        faults.add(path, "has no kind that this server knows; set text, image, audio, file or another kind of part")
        return Text("")
    if misplaced := _misplaced(kind, role):
        faults.add(f"{path}.{kind}", misplaced)
        return Text("")
    return _PARTS[kind](part, f"{path}.{kind}", faults)


def _misplaced(kind: str, role: Role | None) -> str:
    """Returns why a part does not belong in a message of that role; empty where it does."""
    if kind == "tool_result":
        return "" if role is Role.TOOL else "stands in messages of ROLE_TOOL only"
    if role is Role.TOOL:
        return "does not belong in a message of ROLE_TOOL, which holds tool_result parts only"
    if kind in _ONLY_ASSISTANT and role not in {Role.ASSISTANT, None}:
        return "stands in messages of ROLE_ASSISTANT only"
    return ""


def _text(part: pb.Part, path: str, faults: Violations) -> Text:
    return Text(faults.text(path, part.text))


def _refusal(part: pb.Part, path: str, faults: Violations) -> Refusal:
    return Refusal(faults.text(path, part.refusal))


def _reasoning(part: pb.Part, path: str, faults: Violations) -> Reasoning:
    return Reasoning(faults.text(f"{path}.text", part.reasoning.text), part.reasoning.signature)


def _tool_call(part: pb.Part, path: str, faults: Violations) -> ToolCall:
    call = part.tool_call
    return ToolCall(
        faults.text(f"{path}.id", call.id, required=True),
        faults.text(f"{path}.name", call.name, required=True),
        faults.text(f"{path}.arguments", call.arguments),
    )


def _tool_result(part: pb.Part, path: str, faults: Violations) -> ToolResult:
    result = part.tool_result
    call_id = faults.text(f"{path}.tool_call_id", result.tool_call_id, required=True)
    parts = tuple(_result_part(inner, f"{path}.parts[{i}]", faults) for i, inner in enumerate(result.parts))
    return ToolResult(call_id, parts, result.is_error)


def _result_part(part: pb.Part, path: str, faults: Violations) -> Text | Media:
    kind = part.WhichOneof("kind")
    if kind not in _RESULT_KINDS:
        faults.add(path, "has to be a text, image or file part: a tool's result holds no other")
        return Text("")
    converted = _PARTS[kind](part, f"{path}.{kind}", faults)
    assert isinstance(converted, (Text, Media))
    return converted


def _media(kind: MediaKind) -> Callable[[pb.Part, str, Violations], Media]:
    def convert(part: pb.Part, path: str, faults: Violations) -> Media:
        media: pb.Media = getattr(part, kind.value)
        _check_source(media, path, faults)
        faults.text(f"{path}.filename", media.filename)
        if media.mime_type and not _MEDIA_TYPE.fullmatch(media.mime_type):
            faults.add(f"{path}.mime_type", 'is no media type; write it like "image/png"')
        return Media(kind, media.mime_type, media.data, media.uri, media.filename)

    return convert


def _check_source(media: pb.Media, path: str, faults: Violations) -> None:
    source = media.WhichOneof("source")
    if source is None or (source == "data" and not media.data):
        faults.add(path, "is empty; set data or uri")
    elif source == "data" and not media.mime_type:
        faults.add(f"{path}.mime_type", 'is required with data; for instance "image/png"')
    elif source == "uri" and not _is_https(faults.text(f"{path}.uri", media.uri)):
        faults.add(f"{path}.uri", "has to be an https address; send the bytes as data instead")


def _is_https(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


_PARTS: dict[str, Callable[[pb.Part, str, Violations], Part]] = {
    "text": _text,
    "image": _media(MediaKind.IMAGE),
    "audio": _media(MediaKind.AUDIO),
    "file": _media(MediaKind.FILE),
    "tool_call": _tool_call,
    "tool_result": _tool_result,
    "reasoning": _reasoning,
    "refusal": _refusal,
}


def _have_content(messages: Sequence[Message]) -> bool:
    for message in messages:
        for part in message.parts:
            if not isinstance(part, Text) or (part.text and not part.text.isspace()):
                return True
    return False


def message_fields(message: Message) -> Fields:
    """Returns a message."""
    return {"role": _ROLE_NUMBERS[message.role], "parts": [part_fields(part) for part in message.parts]}


def part_fields(part: Part) -> Fields:
    """Returns a part."""
    match part:
        case Text(text):
            return {"text": text}
        case ToolCall(id, name, arguments):
            return {"tool_call": {"id": id, "name": name, "arguments": arguments}}
        case Reasoning(text, signature):
            return {"reasoning": {"text": text, "signature": signature}}
        case Refusal(text):
            return {"refusal": text}
        case ToolResult(call_id, parts, is_error):
            inner = [part_fields(part) for part in parts]
            return {"tool_result": {"tool_call_id": call_id, "parts": inner, "is_error": is_error}}
        case Media():
            return {part.kind.value: _media_fields(part)}


def _media_fields(media: Media) -> Fields:
    source: Fields = {"uri": media.uri} if media.uri else {"data": media.data}
    return {**source, "mime_type": media.mime_type, "filename": media.filename}


def citation_fields(citation: Citation) -> Fields:
    """Returns a citation."""
    return {"uri": citation.uri, "title": citation.title, "cited_text": citation.cited_text}


def citations_fields(citations: Sequence[Citation]) -> list[Fields]:
    """Returns citations."""
    return [citation_fields(citation) for citation in citations]

"""Messages and their parts."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from ymera_service.sdk.content import (
    CacheHint,
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
from ymera_service.serving.checks.violations import MAX_PATTERN, Violations

MAX_FORMAT = 64
"""Characters of the name of a format."""
MAX_FILE_ID = 1024
_ONLY_ASSISTANT = (ToolCall, Reasoning, Refusal, ProviderBlock)
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(\s*;.*)?")
_KINDS: dict[type, str] = {
    Text: "text",
    ToolCall: "tool_call",
    ToolResult: "tool_result",
    Reasoning: "reasoning",
    Refusal: "refusal",
    ProviderBlock: "provider_block",
}


def check_messages(messages: Sequence[Message], faults: Violations) -> None:
    """Notes every fault of a conversation under `prompt.messages`."""
    for i, message in enumerate(messages):
        if not message.parts:
            faults.add(f"prompt.messages[{i}].parts", "is empty; a message has at least one part")
        role = message.role
        for j, part in enumerate(message.parts):
            # Most parts are text: no path is made for one that is as it should be.
            if type(part) is Text and part.cache is None and role is not Role.TOOL and "\0" not in part.text:
                continue
            _check_part(part, role, f"prompt.messages[{i}].parts[{j}]", faults)
    if not _have_content(messages):
        faults.add("prompt.messages", "holds no content; give at least one message with some text or other part")


def _check_part(part: Part, role: Role, path: str, faults: Violations) -> None:
    field = f"{path}.{part.kind.value if isinstance(part, Media) else _KINDS[type(part)]}"
    if misplaced := _misplaced(part, role):
        faults.add(field, misplaced)
        return
    if isinstance(part, Text | Media | ToolResult):
        check_hint(part.cache, path, faults)
    match part:
        case Text(text) | Refusal(text):
            faults.text(field, text)
        case Reasoning(text):
            faults.text(f"{field}.text", text)
        case ToolCall():
            faults.text(f"{field}.id", part.id, required=True)
            faults.text(f"{field}.name", part.name, required=True)
            faults.text(f"{field}.arguments", part.arguments)
        case ProviderBlock():
            faults.text(f"{field}.format", part.format, required=True, max_length=MAX_FORMAT)
            if not part.data:
                faults.add(f"{field}.data", "is required")
        case ToolResult():
            _check_result(part, field, faults)
        case Media():
            _check_media(part, field, faults)


def _misplaced(part: Part, role: Role) -> str:
    """Returns why a part does not belong in a message of that role; empty if it does."""
    if isinstance(part, ToolResult):
        return "" if role is Role.TOOL else "stands in messages of ROLE_TOOL only"
    if role is Role.TOOL:
        return "does not belong in a message of ROLE_TOOL, which holds tool_result parts only"
    if isinstance(part, _ONLY_ASSISTANT) and role is not Role.ASSISTANT:
        return "stands in messages of ROLE_ASSISTANT only"
    return ""


def _check_result(result: ToolResult, path: str, faults: Violations) -> None:
    faults.text(f"{path}.tool_call_id", result.tool_call_id, required=True)
    for i, part in enumerate(result.parts):
        inner = f"{path}.parts[{i}]"
        if isinstance(part, Text):
            faults.text(f"{inner}.text", part.text)
        elif part.kind in (MediaKind.AUDIO, MediaKind.VIDEO):
            faults.add(inner, RESULT_PARTS)
        else:
            _check_media(part, f"{inner}.{part.kind.value}", faults)


RESULT_PARTS = "has to be a text, image or file part: a tool's result holds no other"


def _check_media(media: Media, path: str, faults: Violations) -> None:
    _check_source(media, path, faults)
    faults.text(f"{path}.filename", media.filename)
    if media.detail and media.kind not in (MediaKind.IMAGE, MediaKind.VIDEO):
        faults.add(f"{path}.detail", "goes with images and videos only; leave it out")
    if media.mime_type and not _MEDIA_TYPE.fullmatch(media.mime_type):
        faults.add(f"{path}.mime_type", 'is not a media type; write it like "image/png"')


def check_hint(hint: CacheHint | None, path: str, faults: Violations) -> None:
    """Notes a hint for the cache that is not valid, of what stands at a path."""
    if hint is not None and hint.ttl is not None and hint.ttl <= 0:
        faults.add(f"{path}.cache.ttl", f"is {hint.ttl:g} s; give more than 0, or leave it out")


def _check_file(media: Media, path: str, faults: Violations) -> None:
    faults.text(f"{path}.provider_file.id", media.file_id, required=True, max_length=MAX_FILE_ID)
    faults.text(f"{path}.provider_file.provider", media.provider, required=True, max_length=MAX_PATTERN)


def _check_source(media: Media, path: str, faults: Violations) -> None:
    if media.file_id or media.provider:
        _check_file(media, path, faults)
    elif not media.data and not media.uri:
        faults.add(path, "is empty; set data, uri or provider_file")
    elif media.data and media.uri:
        faults.add(path, "has both data and uri; set one of them")
    elif media.data and not media.mime_type:
        faults.add(f"{path}.mime_type", 'is required with data; for instance "image/png"')
    elif media.uri and not _is_https(media.uri):
        faults.add(
            f"{path}.uri",
            "has to be an https address; send data, or the provider's own name as provider_file",
        )


def _is_https(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and "\0" not in uri


def _have_content(messages: Sequence[Message]) -> bool:
    for message in messages:
        for part in message.parts:
            if not isinstance(part, Text) or (part.text and not part.text.isspace()):
                return True
    return False

"""Prompts and messages."""

from collections.abc import Callable, Sequence

from ymera.v1 import content_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.caching import hint_of
from ymera_service.api.convert.sampling import sampling_of, service_tier_of
from ymera_service.api.convert.tools import response_format_of, tool_choice_of, tools_of
from ymera_service.sdk.content import (
    Citation,
    Detail,
    Media,
    MediaKind,
    Message,
    Part,
    ProviderBlock,
    Reasoning,
    Refusal,
    Role,
    Text,
    TokenLogprob,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.generation import FinishReason, Prompt
from ymera_service.serving.checks.content import RESULT_PARTS
from ymera_service.serving.checks.limits import MAX_PARTS, fits, parts_fit
from ymera_service.serving.checks.prompts import ANY_TOOL, FREE_TEXT
from ymera_service.serving.checks.violations import Violations

_ROLES = {
    pb.ROLE_SYSTEM: Role.SYSTEM,
    pb.ROLE_USER: Role.USER,
    pb.ROLE_ASSISTANT: Role.ASSISTANT,
    pb.ROLE_TOOL: Role.TOOL,
}
_ROLE_NUMBERS = {role: number for number, role in _ROLES.items()}
_RESULT_KINDS = frozenset({"text", "image", "audio", "file", "video"})
_CACHED = frozenset({"text", "image", "audio", "file", "video", "tool_result"})
_DETAILS: dict[int, Detail | None] = {
    pb.Media.DETAIL_UNSPECIFIED: None,
    pb.Media.DETAIL_LOW: Detail.LOW,
    pb.Media.DETAIL_HIGH: Detail.HIGH,
}

FINISH_REASONS = {
    FinishReason.STOP: pb.FINISH_REASON_STOP,
    FinishReason.LENGTH: pb.FINISH_REASON_LENGTH,
    FinishReason.TOOL_CALLS: pb.FINISH_REASON_TOOL_CALLS,
    FinishReason.CONTENT_FILTER: pb.FINISH_REASON_CONTENT_FILTER,
    FinishReason.ERROR: pb.FINISH_REASON_ERROR,
}


def prompt_of(prompt: pb.Prompt, faults: Violations) -> Prompt:
    """Returns a prompt, noting what our types can't express; the checks are in `serving.checks`."""
    messages = messages_of(prompt.messages, faults)
    if not (prompt.tools or prompt.HasField("tool_choice") or prompt.HasField("response_format")):
        tier = service_tier_of(prompt, faults) if prompt.service_tier else None
        return Prompt(messages, (), ANY_TOOL, FREE_TEXT, sampling_of(prompt, faults), (), tier)
    functions, provider_tools = tools_of(prompt.tools, faults)
    return Prompt(
        messages,
        functions,
        tool_choice_of(prompt, faults),
        response_format_of(prompt, faults),
        sampling_of(prompt, faults),
        provider_tools,
        service_tier_of(prompt, faults),
    )


def messages_of(messages: Sequence[pb.Message], faults: Violations) -> tuple[Message, ...]:
    """Returns the messages of a prompt, noting what our types can't express."""
    if not fits("prompt.messages", len(messages), faults) or not parts_fit(_parts(messages), faults):
        return ()
    return tuple([_message(message, i, faults) for i, message in enumerate(messages)])


def _parts(messages: Sequence[pb.Message]) -> int:
    """Counts the parts, those of tool results only if there are not too many others."""
    count, results = 0, list[Sequence[pb.Part]]()
    for message in messages:
        parts = message.parts
        count += len(parts)
        if message.role == pb.ROLE_TOOL:
            results.append(parts)
    if results and count <= MAX_PARTS:
        count += sum(len(part.tool_result.parts) for parts in results for part in parts)
    return count


def _message(message: pb.Message, index: int, faults: Violations) -> Message:
    role = _ROLES.get(message.role)
    if role is None:
        remedy = "is not set or not known; use ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT or ROLE_TOOL"
        faults.add(f"prompt.messages[{index}].role", remedy)
        role = Role.ASSISTANT  # may hold what every other role but ROLE_TOOL may: no further fault follows from it
    parts = [
        # Most parts are text: no path is made for them.
        Text(part.text)
        if part.HasField("text") and not part.HasField("cache")
        else _part(part, role, f"prompt.messages[{index}].parts[{i}]", faults)
        for i, part in enumerate(message.parts)
    ]
    return Message(role, tuple(parts))


def _part(part: pb.Part, role: Role, path: str, faults: Violations) -> Part:
    kind = part.WhichOneof("kind")
    if kind is None:
        faults.add(path, "has no kind that this server knows; set text, image, audio, file or another kind of part")
        return Text("")
    if kind not in _CACHED and part.HasField("cache"):
        faults.add(f"{path}.cache", "goes with text, media and tool_result parts only; leave it out")
    if kind in _MEDIA:
        _check_detail(getattr(part, kind), f"{path}.{kind}", faults)
    if kind == "tool_result":
        # Parts in a result that stands in the wrong place were not counted, and are not converted.
        return _tool_result(part, f"{path}.tool_result", faults, whole=role is Role.TOOL)
    return _PARTS[kind](part)


def _check_detail(media: pb.Media, path: str, faults: Violations) -> None:
    if media.detail not in _DETAILS:
        faults.add(f"{path}.detail", "is not known")


def _tool_result(part: pb.Part, path: str, faults: Violations, *, whole: bool) -> ToolResult:
    result = part.tool_result
    parts = [_result_part(part, f"{path}.parts[{i}]", faults) for i, part in enumerate(result.parts if whole else ())]
    return ToolResult(result.tool_call_id, tuple(parts), result.is_error, hint_of(part))


def _result_part(part: pb.Part, path: str, faults: Violations) -> Text | Media:
    kind = part.WhichOneof("kind")
    if kind not in _RESULT_KINDS:
        faults.add(path, RESULT_PARTS)
        return Text("")
    converted = _PARTS[kind](part)
    assert isinstance(converted, (Text, Media))
    return converted


def _text(part: pb.Part) -> Text:
    return Text(part.text, hint_of(part))


def _refusal(part: pb.Part) -> Refusal:
    return Refusal(part.refusal)


def _reasoning(part: pb.Part) -> Reasoning:
    return Reasoning(part.reasoning.text, part.reasoning.signature)


def _tool_call(part: pb.Part) -> ToolCall:
    call = part.tool_call
    return ToolCall(call.id, call.name, call.arguments)


def _block(part: pb.Part) -> ProviderBlock:
    return ProviderBlock(part.provider_block.format, part.provider_block.data)


def _media(kind: MediaKind) -> Callable[[pb.Part], Media]:
    def convert(part: pb.Part) -> Media:
        media: pb.Media = getattr(part, kind.value)
        file, detail = media.provider_file, _DETAILS.get(media.detail)
        return Media(
            kind, media.mime_type, media.data, media.uri, media.filename, file.id, file.provider, detail, hint_of(part)
        )

    return convert


_MEDIA = frozenset(kind.value for kind in MediaKind)
_PARTS: dict[str, Callable[[pb.Part], Part]] = {
    "text": _text,
    "image": _media(MediaKind.IMAGE),
    "audio": _media(MediaKind.AUDIO),
    "file": _media(MediaKind.FILE),
    "video": _media(MediaKind.VIDEO),
    "tool_call": _tool_call,
    "reasoning": _reasoning,
    "refusal": _refusal,
    "provider_block": _block,
}


def message_fields(message: Message) -> Fields:
    """Returns a message."""
    return {"role": _ROLE_NUMBERS[message.role], "parts": list(map(part_fields, message.parts))}


def part_fields(part: Part) -> Fields:
    """Returns a part."""
    match part:
        case Text(text):
            return {"text": text}
        case ToolCall(id, name, arguments):
            return {"tool_call": {"id": id, "name": name, "arguments": arguments}}
        case Reasoning(text, signature):
            return {"reasoning": {"text": text, "signature": signature}}
        case ToolResult(call_id, parts, is_error):
            inner = [part_fields(part) for part in parts]
            return {"tool_result": {"tool_call_id": call_id, "parts": inner, "is_error": is_error}}
        case Media():
            return {part.kind.value: _media_fields(part)}
        case Refusal() | ProviderBlock():
            return _rare_fields(part)


def _rare_fields(part: Refusal | ProviderBlock) -> Fields:
    return {"refusal": part.text} if isinstance(part, Refusal) else {"provider_block": block_fields(part)}


def _media_fields(media: Media) -> Fields:
    return {"mime_type": media.mime_type, "filename": media.filename, **_source_fields(media)}


def _source_fields(media: Media) -> Fields:
    if media.file_id:
        return {"provider_file": {"provider": media.provider, "id": media.file_id}}
    return {"uri": media.uri} if media.uri else {"data": media.data}


def block_fields(block: ProviderBlock) -> Fields:
    """Returns a piece of an answer that only its provider understands."""
    return {"format": block.format, "data": block.data}


def token_fields(token: TokenLogprob) -> Fields:
    """Returns a token with its probability and its alternatives."""
    return {
        "token": token.token,
        "raw": token.token_bytes,
        "logprob": token.logprob,
        "alternatives": list(map(token_fields, token.alternatives)),
    }


def citation_fields(citation: Citation) -> Fields:
    """Returns a citation."""
    return {
        "uri": citation.uri,
        "title": citation.title,
        "cited_text": citation.cited_text,
        "spans": [{"start": span.start, "end": span.end} for span in citation.spans],
    }

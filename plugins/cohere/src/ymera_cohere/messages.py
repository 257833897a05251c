"""Turns a conversation into the API's messages and documents."""

from base64 import b64encode
from collections.abc import Iterator, Sequence

from ymera_cohere.message_reader import PLAN
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

_TEXTUAL = ("text/", "application/json", "application/xml", "application/yaml")


def encode_messages(messages: Sequence[Message], *, thinks: bool | None) -> list[Json]:
    """Returns the messages of a request; thinking is left out for models that are known not to think.

    Raises:
        InvalidProviderRequest: The API has no form for what a message contains.
    """
    return [each for message in messages for each in _encode(message, thinks=thinks)]


def encode_documents(messages: Sequence[Message]) -> list[Json]:
    """Returns the texts that are files of the prompt, which an answer may cite by the name of the file.

    Raises:
        InvalidProviderRequest: A file is not text.
    """
    parts = (part for message in messages for part in message.parts)
    files = [part for part in parts if isinstance(part, Media) and part.kind is MediaKind.FILE]
    names = [file.filename or f"document-{place}" for place, file in enumerate(files, 1)]
    return [
        {"id": name if names.count(name) == 1 else f"{name}-{place}", "data": {"text": _words(file)}}
        for place, (name, file) in enumerate(zip(names, files, strict=True), 1)
    ]


def _words(file: Media) -> str:
    if not file.data or not file.mime_type.startswith(_TEXTUAL):
        raise InvalidProviderRequest("Cohere accepts files of text as data, and no others")
    try:
        return file.data.decode()
    except UnicodeDecodeError:
        raise InvalidProviderRequest("a file of text is not UTF-8") from None


def _encode(message: Message, *, thinks: bool | None) -> Iterator[Json]:
    if message.role is Role.ASSISTANT:
        yield _assistant(message, thinks=thinks)
        return
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    for result in results:
        yield {"role": "tool", "tool_call_id": result.tool_call_id, "content": _result(result)}
    said = [part for part in message.parts if not isinstance(part, ToolResult)]
    if said or not results:
        role = Role.SYSTEM if message.role is Role.SYSTEM else Role.USER
        yield {"role": role.value, "content": _content(said)}


def _content(parts: Sequence[Part]) -> str | list[Json]:
    """Returns what a message says; files are documents beside the messages."""
    shown = [part for part in parts if not (isinstance(part, Media) and part.kind is MediaKind.FILE)]
    if all(isinstance(part, Text) for part in shown):
        return "".join(part.text for part in shown if isinstance(part, Text))
    return [_part(part) for part in shown if not isinstance(part, Text) or part.text]


def _part(part: Part) -> Json:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if not isinstance(part, Media) or part.kind is not MediaKind.IMAGE or part.file_id:
        raise InvalidProviderRequest("Cohere accepts texts, pictures and documents in a prompt, and nothing else")
    data = f"data:{part.mime_type or 'image/png'};base64,{b64encode(part.data).decode()}"
    detail = {"detail": part.detail.value} if part.detail else {}
    return {"type": "image_url", "image_url": {"url": part.uri or data, **detail}}


def _result(result: ToolResult) -> str:
    texts = [part.text for part in result.parts if isinstance(part, Text)]
    if len(texts) < len(result.parts):
        raise InvalidProviderRequest("Cohere accepts only text as the result of a tool")
    return "".join(texts)


def _assistant(message: Message, *, thinks: bool | None) -> Json:
    reasoning = [part for part in message.parts if isinstance(part, Reasoning)]
    plan = "".join(part.text for part in reasoning if part.signature == PLAN)
    thoughts = "".join(part.text for part in reasoning if part.signature != PLAN)
    said = "".join(part.text for part in message.parts if isinstance(part, Text | Refusal))
    calls = [_call(part) for part in message.parts if isinstance(part, ToolCall)]
    content: list[Json] = [{"type": "thinking", "thinking": thoughts}] if thoughts and thinks is not False else []
    if said or not calls:
        content.append({"type": "text", "text": said})
    encoded: Json = {"role": "assistant", "content": content, "tool_plan": plan, "tool_calls": calls}
    return {name: value for name, value in encoded.items() if value}


def _call(call: ToolCall) -> Json:
    arguments = call.arguments or "{}"
    if strict_object(arguments) is None:
        raise InvalidProviderRequest(f"{call.name}: Cohere accepts only JSON objects, not {arguments[:100]!r}")
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}

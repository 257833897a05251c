"""What a prompt needs of a model: capabilities, and how many tokens it is likely to take.

Tokens are counted by the provider only, and each tokenizer differs, so before the call they are estimated:
a token per four bytes of UTF-8. Vendors give four characters as the average of English text; counting bytes
makes scripts whose characters stand for more cost more, as they do. Media are taken at what vendors document
for a usual one: about a thousand tokens a picture, thirty a second of compressed speech, 260 a second of
compressed film, two thousand a page.
"""

from dataclasses import dataclass

from ymera_service.sdk.content import Media, MediaKind, Part, ProviderBlock, Text, ToolCall, ToolResult
from ymera_service.sdk.generation import CODE_EXECUTION, WEB_SEARCH, Prompt, ResponseType, Usage
from ymera_service.sdk.models import Capability

BYTES_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4
"""What chat formats add around each message."""
TYPICAL_INPUT_TOKENS = 400
"""Tokens of a usual prompt."""
TYPICAL_OUTPUT_TOKENS = 400
"""Tokens of an answer whose length the caller does not bound."""

IMAGE_TOKENS = 1_000
AUDIO_BYTES_PER_TOKEN = 500
FILE_BYTES_PER_TOKEN = 25
VIDEO_BYTES_PER_TOKEN = 500
_BYTES_PER_TOKEN = {MediaKind.AUDIO: AUDIO_BYTES_PER_TOKEN, MediaKind.VIDEO: VIDEO_BYTES_PER_TOKEN}
UNSEEN_MEDIA_TOKENS = 2_000
"""Tokens of a sound, film or file of which only the address is known."""

_CAPABILITY_OF = {
    MediaKind.IMAGE: Capability.IMAGE_INPUT,
    MediaKind.AUDIO: Capability.AUDIO_INPUT,
    MediaKind.FILE: Capability.FILE_INPUT,
    MediaKind.VIDEO: Capability.VIDEO_INPUT,
}

_CAPABILITY_OF_TOOL = {WEB_SEARCH: Capability.WEB_SEARCH, CODE_EXECUTION: Capability.CODE_EXECUTION}


@dataclass(slots=True)
class Needs:
    """What a prompt needs.

    Attributes:
        capabilities: Those without which a model can't take it. Calls of tools in the history are text to a model
            that is offered none.
        input_tokens: Of the whole prompt, tools and schemas included.
        output_tokens: Of the answer as it will probably be; for what it takes in time and money.
        most: The usage with the longest answer asked for; for the limit of what it may cost.
        reserved_tokens: Of the answer, that have to fit into the context beside the prompt.
        max_output_tokens: What the caller allows for the answer; 0 where it does not say.
        whole: Prompt and answer have to fit into one context.
    """

    capabilities: frozenset[Capability]
    input_tokens: int
    output_tokens: int
    most: Usage
    reserved_tokens: int
    max_output_tokens: int = 0
    whole: bool = True


def needs_of(prompt: Prompt, usual: int = TYPICAL_OUTPUT_TOKENS) -> Needs:
    """Returns what a prompt needs whose answer usually has this many tokens."""
    return needs_for(_called_for(prompt), prompt_tokens(prompt), prompt.sampling.max_output_tokens, usual)


def needs_for(
    capabilities: frozenset[Capability], tokens: int, limit: int | None, usual: int = TYPICAL_OUTPUT_TOKENS
) -> Needs:
    """Returns what a prompt of this many tokens needs; `limit` is what the caller allows for the answer."""
    return Needs(
        capabilities=capabilities,
        input_tokens=tokens,
        output_tokens=usual if limit is None else min(limit, usual),
        most=Usage(tokens, usual if limit is None else limit),
        reserved_tokens=1 if limit is None else limit,
        max_output_tokens=limit or 0,
    )


def expected_usage(input_tokens: int, max_output_tokens: int) -> Usage:
    """Returns what a call will probably consume; `max_output_tokens` is 0 where the caller does not say."""
    return Usage(input_tokens, min(max_output_tokens or TYPICAL_OUTPUT_TOKENS, TYPICAL_OUTPUT_TOKENS))


def _called_for(prompt: Prompt) -> frozenset[Capability]:
    found = [_CAPABILITY_OF_TOOL[tool.name] for tool in prompt.provider_tools if tool.name in _CAPABILITY_OF_TOOL]
    if prompt.tools:
        found.append(Capability.TOOLS)
    if prompt.sampling.logprobs is not None:
        found.append(Capability.LOGPROBS)
    if prompt.response_format.type is not ResponseType.TEXT:
        found.append(Capability.STRUCTURED_OUTPUT)
    for message in prompt.messages:
        for part in message.parts:
            if isinstance(part, Media):
                found.append(_CAPABILITY_OF[part.kind])
            elif isinstance(part, ToolResult):
                found += [_CAPABILITY_OF[inner.kind] for inner in part.parts if isinstance(inner, Media)]
    return frozenset(found)


def prompt_tokens(prompt: Prompt) -> int:
    """Estimates the tokens of a whole prompt."""
    tokens = 0
    for message in prompt.messages:
        tokens += TOKENS_PER_MESSAGE
        for part in message.parts:
            tokens += text_tokens(part.text) if isinstance(part, Text) else _part_tokens(part)
    for tool in prompt.tools:
        tokens += text_tokens(tool.name) + text_tokens(tool.description) + text_tokens(tool.parameters_schema)
    schema = prompt.response_format.schema
    return tokens + text_tokens(schema) if schema else tokens


def text_tokens(text: str) -> int:
    """Estimates the tokens of a text."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return -(-size // BYTES_PER_TOKEN)


def _part_tokens(part: Part) -> int:
    match part:
        case Media():
            return _media_tokens(part)
        case ProviderBlock():
            return -(-len(part.data) // BYTES_PER_TOKEN)
        case ToolCall():
            return text_tokens(part.name) + text_tokens(part.arguments)
        case ToolResult():
            return sum(map(_part_tokens, part.parts))
        case _:
            return text_tokens(part.text)


def _media_tokens(media: Media) -> int:
    if media.kind is MediaKind.IMAGE:
        return IMAGE_TOKENS
    if not media.data:
        return UNSEEN_MEDIA_TOKENS
    if media.mime_type.startswith("text/"):
        return -(-len(media.data) // BYTES_PER_TOKEN)
    return -(-len(media.data) // _BYTES_PER_TOKEN.get(media.kind, FILE_BYTES_PER_TOKEN))

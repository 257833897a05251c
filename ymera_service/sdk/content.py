"""The content of prompts and answers: messages of several parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The author of a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class CacheHint:
    """Asks for the prompt to be cached up to here; `ttl` is in seconds, None leaves it to the provider."""

    ttl: float | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text."""

    text: str
    cache: CacheHint | None = None


class MediaKind(StrEnum):
    """The type of content of a `Media` part."""

    IMAGE = "image"
    AUDIO = "audio"
    FILE = "file"
    VIDEO = "video"


class Detail(StrEnum):
    """How closely to look at a picture or video."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Media:
    """Bytes of a known type: inline as `data`, by reference as `uri`, or as `file_id`; exactly one is set.

    A `file_id` is what `provider` calls a file that it keeps; no other provider gets it.
    """

    kind: MediaKind
    mime_type: str = ""
    data: bytes = b""
    uri: str = ""
    filename: str = ""
    file_id: str = ""
    provider: str = ""
    detail: Detail | None = None
    cache: CacheHint | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request by the model to run a tool; `arguments` is the JSON text it wrote."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of the tool call with this id."""

    tool_call_id: str
    parts: "tuple[Text | Media, ...]"
    is_error: bool = False
    cache: CacheHint | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A model's thinking; `signature` is the provider's signature or encrypted form of it."""

    text: str
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model's own words when it declined."""

    text: str


@dataclass(frozen=True, slots=True)
class ProviderBlock:
    """A piece of an answer that only its provider understands, as it wrote it: `data` is a JSON object.

    `format` names the format, such as `anthropic.messages`; a provider with another one leaves the block out.
    """

    format: str
    data: bytes


Part = Text | Media | ToolCall | ToolResult | Reasoning | Refusal | ProviderBlock


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All text parts joined."""
        return "".join([part.text for part in self.parts if isinstance(part, Text)])


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token of an answer's text and the natural logarithm of its probability.

    `token_bytes` are empty if the provider does not state them. `alternatives` have no alternatives of their own.
    """

    token: str
    logprob: float
    token_bytes: bytes = b""
    alternatives: "tuple[TokenLogprob, ...]" = ()


@dataclass(frozen=True, slots=True)
class TextSpan:
    """Characters of all text of one answer, from `start` up to and without `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that an answer cites; `spans` are where in the answer the words stand that rest on it."""

    uri: str = ""
    title: str = ""
    cited_text: str = ""
    spans: tuple[TextSpan, ...] = ()


def user(text: str) -> Message:
    """Returns a user message with one text part."""
    return Message(Role.USER, (Text(text),))


def last_user_text(messages: Sequence[Message]) -> str:
    """Returns the text of the latest user message, or an empty string if there is no user message."""
    for message in reversed(messages):
        if message.role is Role.USER:
            return message.text
    return ""

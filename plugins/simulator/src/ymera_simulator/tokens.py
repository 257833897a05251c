"""The simulator's tokens: four characters each; the last one of a text may be shorter."""

from collections.abc import Iterator

from ymera_service.sdk.content import (
    Media,
    Message,
    Part,
    ProviderBlock,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.generation import Prompt

CHARACTERS = 4
MEDIA_TOKENS = 256
"""Tokens of an image, a sound or a file."""
MESSAGE_TOKENS = 3
"""Tokens of a message in addition to those of its parts."""


def count(text: str) -> int:
    """Returns the number of tokens of a text."""
    return -(-len(text) // CHARACTERS)


def pieces(text: str) -> Iterator[str]:
    """Yields a text token by token."""
    return (text[start : start + CHARACTERS] for start in range(0, len(text), CHARACTERS))


def of_prompt(prompt: Prompt) -> int:
    """Returns the number of tokens of a prompt: messages, tools and the schema of the answer."""
    tools = sum(count(tool.name + tool.description + tool.parameters_schema) for tool in prompt.tools)
    return sum(map(_of_message, prompt.messages)) + tools + count(prompt.response_format.schema)


def _of_message(message: Message) -> int:
    return MESSAGE_TOKENS + sum(map(_of_part, message.parts))


def _of_part(part: Part) -> int:
    match part:
        case Text(text) | Reasoning(text) | Refusal(text):
            return count(text)
        case ToolCall(_, name, arguments):
            return count(name + arguments)
        case ToolResult(_, parts):
            return sum(map(_of_part, parts))
        case ProviderBlock():
            return 0  # the simulator leaves it out
        case Media():
            return MEDIA_TOKENS

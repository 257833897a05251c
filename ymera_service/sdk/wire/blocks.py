"""Sends pieces of an answer that only their provider understands back to it, and to no other."""

from collections.abc import Iterator, Sequence

from ymera_service.sdk.content import Message, ProviderBlock
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import Adaptation
from ymera_service.sdk.wire.adaptations import dropped
from ymera_service.sdk.wire.json_reader import Json, strict_object


def opened(block: ProviderBlock, format: str) -> Json | None:
    """Returns the object of a block; None if it is of another format.

    Raises:
        InvalidProviderRequest: The block is not a JSON object.
    """
    if block.format != format:
        return None
    found = strict_object(block.data)
    if found is None:
        raise InvalidProviderRequest("a provider_block is not the JSON object that the provider wrote")
    return found


def foreign_blocks(messages: Sequence[Message], format: str = "") -> Iterator[Adaptation]:
    """Yields that blocks of other formats are left out; an empty format has none."""
    for message in messages:
        for part in message.parts:
            if type(part) is ProviderBlock and part.format != format:
                yield dropped("prompt.messages.parts.provider_block", f"it has the format {part.format}")
                return

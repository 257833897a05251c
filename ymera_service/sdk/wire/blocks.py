"""Sends pieces of an answer that only their provider understands back to it, and to no other."""

from ymera_service.sdk.content import ProviderBlock
from ymera_service.sdk.errors import InvalidProviderRequest
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

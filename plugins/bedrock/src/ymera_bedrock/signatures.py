"""Converts reasoning blocks to `Reasoning` and back, so that the model gets its blocks back unchanged.

A signature of Claude is valid at every vendor of Claude and is kept as it is. Encrypted reasoning is marked, with a
byte that is not UTF-8, so that no other vendor's plugin takes it for a signature.
"""

from ymera_service.sdk.content import Reasoning
from ymera_service.sdk.wire.json_reader import Json

_SEALED = b"bedrock\xff"


def sealed(content: str) -> bytes:
    """Returns encrypted reasoning as a signature; none if it is empty."""
    return _SEALED + content.encode() if content else b""


def reasoning_block(reasoning: Reasoning) -> Json | None:
    """Returns the block that this reasoning came from, or None if it has no signature that the API accepts."""
    try:
        signature = reasoning.signature.removeprefix(_SEALED).decode()
    except UnicodeDecodeError:
        return None
    if not signature:
        return None
    if reasoning.signature.startswith(_SEALED):
        return {"reasoningContent": {"redactedContent": signature}}
    return {"reasoningContent": {"reasoningText": {"text": reasoning.text, "signature": signature}}}

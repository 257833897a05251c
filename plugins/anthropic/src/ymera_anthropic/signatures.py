"""Converts thinking blocks to `Reasoning` and back, so that the provider gets its blocks back unchanged.

The API has two blocks for it: `thinking` (a text, which newer models leave empty, and its signature) and
`redacted_thinking` (only encrypted data). Both become a `Reasoning` with a signature. Encrypted data gets a prefix, as
it would otherwise look like the signature of a `thinking` block without text.
"""

from ymera_service.sdk.content import Reasoning
from ymera_service.sdk.wire.json_reader import Json

_SEALED = b"redacted_thinking:"


def sealed(data: str) -> bytes:
    """Returns the data of a redacted block as a signature."""
    return _SEALED + data.encode()


def thinking_block(reasoning: Reasoning) -> Json | None:
    """Returns the block that this reasoning came from, or None if it has no signature of this API."""
    try:
        signature = reasoning.signature.removeprefix(_SEALED).decode()
    except UnicodeDecodeError:
        return None
    if not signature:
        return None
    if reasoning.signature.startswith(_SEALED):
        return {"type": "redacted_thinking", "data": signature}
    return {"type": "thinking", "thinking": reasoning.text, "signature": signature}

"""Thinking that comes back to the provider unchanged.

The API has two blocks for it: `thinking` (a text, which newer models leave empty, and its signature) and
`redacted_thinking` (sealed data alone). Both become a `Reasoning` with a signature; sealed data is marked, as a
signature without a text would else look the same.
"""

from ymera_service.sdk.content import Reasoning
from ymera_service.sdk.wire.json_reader import Json

_SEALED = b"redacted_thinking:"


def sealed(data: str) -> bytes:
    """Returns the data of a redacted block as a signature."""
    return _SEALED + data.encode()


def thinking_block(reasoning: Reasoning) -> Json | None:
    """Returns the block that this was, or `None` where it bears no signature that the API could know."""
    try:
        signature = reasoning.signature.removeprefix(_SEALED).decode()
    except UnicodeDecodeError:
        return None
    if not signature:
        return None
    if reasoning.signature.startswith(_SEALED):
        return {"type": "redacted_thinking", "data": signature}
    return {"type": "thinking", "thinking": reasoning.text, "signature": signature}

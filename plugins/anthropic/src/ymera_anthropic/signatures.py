"""Thinking that comes back to the provider unchanged.

The API has two blocks for it: `thinking` (text and signature; newer models leave the text empty) and
`redacted_thinking` (sealed data alone). Both become a `Reasoning` with a signature. An empty text means sealed
data, so the signature of a thinking block that came without its text is marked.
"""

from ymera_anthropic.fields import Record
from ymera_service.sdk.content import Reasoning

_TEXT_OMITTED = b"thinking:"


def signed(signature: str, readable: bool) -> bytes:
    """Returns the signature of a thinking block, `readable` if its text came along."""
    return signature.encode() if readable or not signature else _TEXT_OMITTED + signature.encode()


def thinking_block(reasoning: Reasoning) -> Record | None:
    """Returns the block that this was, or `None` where it bears no signature of this API."""
    try:
        signature = reasoning.signature.removeprefix(b"" if reasoning.text else _TEXT_OMITTED).decode()
    except UnicodeDecodeError:
        return None
    if not signature:
        return None
    if reasoning.text or reasoning.signature.startswith(_TEXT_OMITTED):
        return {"type": "thinking", "thinking": reasoning.text, "signature": signature}
    return {"type": "redacted_thinking", "data": signature}

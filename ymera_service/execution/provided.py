"""What a provider says of its answer, made fit to be stored and sent: a provider may say anything."""

from collections.abc import Sequence

from ymera_service.sdk.generation import Adaptation

LONGEST = 256
"""Characters of one text. Vendors' ids have less than 100."""
MAX_ADAPTATIONS = 32
"""A request has fewer parameters."""


def clean(text: str) -> str:
    """Returns a text, cut, with what can't be encoded or stored replaced."""
    text = str(text)[:LONGEST]
    return text if text.isascii() and "\0" not in text else text.encode(errors="replace").decode().replace("\0", "?")


def bounded(adaptations: Sequence[Adaptation]) -> tuple[Adaptation, ...]:
    """Returns the first adaptations with clean texts."""
    if not adaptations:  # most requests
        return ()
    return tuple([Adaptation(one.kind, clean(one.field), clean(one.detail)) for one in adaptations[:MAX_ADAPTATIONS]])

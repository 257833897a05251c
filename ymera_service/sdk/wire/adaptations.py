"""Finds what of a request's sampling parameters a body does not hold as the caller gave it."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from ymera_service.sdk.generation import Adaptation, AdaptationKind, Sampling

_UNSET = (None, ())
_FIELDS = tuple(field.name for field in fields(Sampling))
ANY = Sampling()
"""The request of a caller that sets no parameter."""


def sampling_adaptations(sampling: Sampling, body: Mapping[str, Any], sent: Mapping[str, str]) -> Iterator[Adaptation]:
    """Yields what was dropped, and which numbers were reduced.

    Args:
        sampling: What the caller asked for.
        body: What is sent.
        sent: The name in the body of each field of `Sampling` that the format has. A field whose form differs from
            the caller's, such as an effort, only has to be there.
    """
    if sampling == ANY:
        return
    for name in _FIELDS:
        wanted = getattr(sampling, name)
        if wanted in _UNSET:
            continue
        given = body.get(sent.get(name, ""))
        if given is None:
            yield dropped(f"prompt.sampling.{name}", "the model or its API does not accept it")
        elif _is_number(wanted) and _is_number(given) and given != wanted:
            detail = f"{given:g} was sent instead of {wanted:g}"
            yield Adaptation(AdaptationKind.REDUCED, f"prompt.sampling.{name}", detail)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def dropped(field: str, detail: str) -> Adaptation:
    """Returns that a field was left out."""
    return Adaptation(AdaptationKind.DROPPED, field, detail)


def mapped(field: str, detail: str) -> Adaptation:
    """Returns that a field was expressed in another way."""
    return Adaptation(AdaptationKind.MAPPED, field, detail)

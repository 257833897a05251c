"""Reads the probabilities of tokens: lists of tokens, or the parallel lists of the legacy completions."""

from collections.abc import Iterator

from ymera_service.sdk.content import TokenLogprob
from ymera_service.sdk.events import LogprobsDelta
from ymera_service.sdk.wire.json_reader import Json, members
from ymera_service.sdk.wire.logprobs import logprob, of_tokens


def of_choice(found: Json) -> Iterator[LogprobsDelta]:
    """Yields the probabilities in `logprobs` of a choice."""
    return of_tokens(members(found, "content")) if "content" in found else _of_lists(found)


def _of_lists(found: Json) -> Iterator[LogprobsDelta]:
    names, values, top = (found.get(name) for name in ("tokens", "token_logprobs", "top_logprobs"))
    if not isinstance(names, list) or not isinstance(values, list) or not names:
        return
    others = top if isinstance(top, list) else []
    yield LogprobsDelta(
        tuple(
            TokenLogprob(str(name), logprob(value), alternatives=_named(others[place] if place < len(others) else None))
            for place, (name, value) in enumerate(zip(names, values, strict=False))
        )
    )


def _named(found: object) -> tuple[TokenLogprob, ...]:
    entries = found.items() if isinstance(found, dict) else ()
    return tuple(TokenLogprob(str(name), logprob(value)) for name, value in entries)

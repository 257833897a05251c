"""Reads the probabilities of tokens: lists of tokens, or the parallel lists of the legacy completions."""

from collections.abc import Iterator

from ymera_service.sdk.content import TokenLogprob
from ymera_service.sdk.events import LogprobsDelta
from ymera_service.sdk.wire.json_reader import Json, members, text


def of_choice(found: Json) -> Iterator[LogprobsDelta]:
    """Yields the probabilities in `logprobs` of a choice."""
    return of_tokens(members(found, "content")) if "content" in found else _of_lists(found)


def of_tokens(found: list[Json]) -> Iterator[LogprobsDelta]:
    """Yields the probabilities of a list of tokens."""
    if tokens := tuple(map(_token, found)):
        yield LogprobsDelta(tokens)


def _token(found: Json) -> TokenLogprob:
    others = tuple(map(_token, members(found, "top_logprobs")))
    return TokenLogprob(text(found, "token"), _number(found.get("logprob")), _bytes(found.get("bytes")), others)


def _of_lists(found: Json) -> Iterator[LogprobsDelta]:
    names, values, top = (found.get(name) for name in ("tokens", "token_logprobs", "top_logprobs"))
    if not isinstance(names, list) or not isinstance(values, list) or not names:
        return
    others = top if isinstance(top, list) else []
    yield LogprobsDelta(
        tuple(
            TokenLogprob(str(name), _number(value), alternatives=_named(others[place] if place < len(others) else None))
            for place, (name, value) in enumerate(zip(names, values, strict=False))
        )
    )


def _named(found: object) -> tuple[TokenLogprob, ...]:
    entries = found.items() if isinstance(found, dict) else ()
    return tuple(TokenLogprob(str(name), _number(value)) for name, value in entries)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _bytes(value: object) -> bytes:
    numbers = value if isinstance(value, list) else []
    return bytes(numbers) if all(type(number) is int and 0 <= number < 256 for number in numbers) else b""

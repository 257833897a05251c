"""Reads the probabilities of tokens in the form that OpenAI's chat completions gave them, which others use as well."""

from collections.abc import Iterator

from ymera_service.sdk.content import TokenLogprob
from ymera_service.sdk.events import LogprobsDelta
from ymera_service.sdk.wire.json_reader import Json, members, text


def of_tokens(found: list[Json]) -> Iterator[LogprobsDelta]:
    """Yields the probabilities of a list of tokens."""
    if tokens := tuple(map(_token, found)):
        yield LogprobsDelta(tokens)


def logprob(value: object) -> float:
    """Returns a logarithm; 0 for anything else."""
    return float(value) if isinstance(value, int | float) else 0.0


def _token(found: Json) -> TokenLogprob:
    others = tuple(map(_token, members(found, "top_logprobs")))
    return TokenLogprob(text(found, "token"), logprob(found.get("logprob")), _bytes(found.get("bytes")), others)


def _bytes(value: object) -> bytes:
    numbers = value if isinstance(value, list) else []
    return bytes(numbers) if all(type(number) is int and 0 <= number < 256 for number in numbers) else b""

"""Reads the probabilities of tokens."""

from collections.abc import Iterator

from ymera_service.sdk.content import TokenLogprob
from ymera_service.sdk.events import LogprobsDelta
from ymera_service.sdk.wire.json_reader import Json, member, members, text


def logprobs_of(candidate: Json) -> Iterator[LogprobsDelta]:
    """Yields the probabilities that a candidate states."""
    result = member(candidate, "logprobsResult")
    chosen, top = members(result, "chosenCandidates"), members(result, "topCandidates")
    others = [tuple(map(_token, members(place, "candidates"))) for place in top]
    tokens = [
        TokenLogprob(text(each, "token"), _logprob(each), alternatives=others[place] if place < len(others) else ())
        for place, each in enumerate(chosen)
    ]
    if tokens:
        yield LogprobsDelta(tuple(tokens))


def _token(found: Json) -> TokenLogprob:
    return TokenLogprob(text(found, "token"), _logprob(found))


def _logprob(found: Json) -> float:
    value = found.get("logProbability")
    return float(value) if isinstance(value, int | float) else 0.0

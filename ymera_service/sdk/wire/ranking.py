"""Reads the results of a rerank, which have the same form at all vendors, apart from one name."""

from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.wire.json_reader import Json, members
from ymera_service.sdk.work import Ranked


def read_ranking(document: Json) -> tuple[Ranked, ...]:
    """Returns the results of a response, which are in `results`, or in `data`, as Voyage calls it.

    Raises:
        MalformedResponse: There are none, or one has no index or score.
    """
    results = members(document, "results") or members(document, "data")
    if not results:
        raise MalformedResponse("the answer has no results")
    return tuple(map(_ranked, results))


def _ranked(result: Json) -> Ranked:
    index, score = result.get("index"), result.get("relevance_score")
    if isinstance(index, bool) or not isinstance(index, int):
        raise MalformedResponse("a result has no index")
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise MalformedResponse("a result has no relevance_score")
    return Ranked(index, float(score))

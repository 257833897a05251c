"""What a provider returns whole is checked before anything of it is read that may have no end."""

import itertools
from array import array
from typing import Any, cast

import pytest

from ymera_service.plugins.replies import MAX_DIMENSIONS, Replied, events_of
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import Embeddings, EmbedRequest, Ranked, Ranking, Reply, RerankRequest, WorkRequest

EMBED = EmbedRequest("m", ("a", "b"))
RERANK = RerankRequest("m", "q", ("a", "b"))


class Replying:
    name = "replying"

    def __init__(self, reply: object) -> None:
        self._reply = reply

    async def embed(self, *_: object) -> Any:
        return self._reply

    rerank = embed


async def checked(request: WorkRequest, reply: object) -> Reply:
    """Returns the reply as the server takes it."""
    provider, context = cast("Provider", Replying(reply)), cast("CallContext", None)
    (taken,) = [one.reply async for one in events_of(provider, request, context) if isinstance(one, Replied)]
    return taken


def vectors(vector: Any) -> Embeddings:
    return Embeddings(vectors=(vector, [1.0]))


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (EMBED, None),
        (EMBED, vectors(itertools.count())),
        (EMBED, vectors([])),
        (EMBED, vectors([1.0] * (MAX_DIMENSIONS + 1))),
        (EMBED, vectors(array("f", [1.0]) * (MAX_DIMENSIONS + 1))),
        (EMBED, vectors([float("nan")])),
        (EMBED, vectors(["1"])),
        (EMBED, vectors([1.0, 2.0])),
        (EMBED, Embeddings(vectors=([1.0],))),
        (RERANK, Ranking(results=cast("Any", map(Ranked, itertools.count(), itertools.count())))),
        (RERANK, Ranking(results=(Ranked(0, 1.0),) * 3)),
        (RERANK, Ranking(results=(Ranked(0, 1.0), Ranked(0, 0.5)))),
        (RERANK, Ranking(results=(Ranked(0, 1.0), Ranked(2, 0.5)))),
        (RERANK, Ranking(results=(Ranked(0, 1.0), Ranked(1, float("inf"))))),
    ],
)
async def test_a_reply_that_does_not_fit_its_request_is_malformed(request_: WorkRequest, reply: object) -> None:
    with pytest.raises(MalformedResponse):
        await checked(request_, reply)


async def test_a_reply_that_fits_is_taken_the_best_document_first() -> None:
    taken = await checked(RERANK, Ranking(results=(Ranked(0, 0.1), Ranked(1, 0.9))))
    assert taken == Ranking(results=(Ranked(1, 0.9), Ranked(0, 0.1)))
    assert await checked(EMBED, vectors([2.0])) == Embeddings(vectors=(array("f", [2.0]), array("f", [1.0])))

"""The requirements on what providers do besides generating; see `ymera_service.sdk.work`."""

from math import isfinite

from ymera_service.sdk.testing.checks.providers import check_usage
from ymera_service.sdk.work import Embeddings, EmbedRequest, ModerateRequest, Moderations, Ranking, RerankRequest


def check_embeddings(request: EmbedRequest, reply: Embeddings) -> None:
    """Asserts that there is a vector of finite numbers for each input, all of the length that was asked for."""
    assert isinstance(reply, Embeddings), f"embed returned {type(reply).__name__}"
    assert len(reply.vectors) == len(request.inputs), f"{len(reply.vectors)} vectors for {len(request.inputs)} inputs"
    lengths = {len(vector) for vector in reply.vectors}
    assert len(lengths) == 1, f"the vectors have different lengths: {lengths}"
    assert 0 not in lengths, "the vectors are empty"
    assert request.dimensions is None or lengths == {request.dimensions}, f"{lengths} instead of {request.dimensions}"
    assert all(isfinite(number) for vector in reply.vectors for number in vector), "a number is not finite"
    if reply.usage is not None:
        check_usage(reply.usage)


def check_moderations(request: ModerateRequest, reply: Moderations) -> None:
    """Asserts that there is a verdict on each input, whose findings have names and scores from 0 to 1."""
    assert isinstance(reply, Moderations), f"moderate returned {type(reply).__name__}"
    assert len(reply.verdicts) == len(request.inputs), f"{len(reply.verdicts)} verdicts on {len(request.inputs)} inputs"
    for finding in (finding for verdict in reply.verdicts for finding in verdict.findings):
        assert finding.name, "a finding has no name"
        assert finding.score is None or 0 <= finding.score <= 1, f"the score of {finding.name} is {finding.score}"


def check_ranking(request: RerankRequest, reply: Ranking) -> None:
    """Asserts that as many documents as were asked for are ranked, each once, with finite scores."""
    assert isinstance(reply, Ranking), f"rerank returned {type(reply).__name__}"
    places = [result.index for result in reply.results]
    assert len(set(places)) == len(places), f"a document is ranked twice: {places}"
    assert set(places) <= set(range(len(request.documents))), f"not all are documents: {places}"
    assert len(places) >= min(request.top or len(request.documents), len(request.documents)), f"only {places}"
    assert all(isfinite(result.score) for result in reply.results), "a score is not finite"

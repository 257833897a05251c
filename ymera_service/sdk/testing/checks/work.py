"""The requirements on what providers do besides generating; see `ymera_service.sdk.work`."""

from math import isfinite

from ymera_service.sdk.testing.checks.providers import check_usage
from ymera_service.sdk.work import Embeddings, EmbedRequest


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

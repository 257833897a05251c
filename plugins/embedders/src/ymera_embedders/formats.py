"""Requests for vectors and rankings, and what comes back."""

import orjson

from ymera_embedders.vendors import Vendor
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.generation import Adaptation, Usage
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.adaptations import dropped
from ymera_service.sdk.wire.error_reader import ErrorReader
from ymera_service.sdk.wire.json_reader import Json, count, first, member, members, read_object, text
from ymera_service.sdk.wire.ranking import read_ranking
from ymera_service.sdk.wire.vectors import read_vectors
from ymera_service.sdk.work import Embeddings, EmbedRequest, Ranking, RerankRequest

ERRORS = ErrorReader()


def encode_embed(request: EmbedRequest, vendor: Vendor) -> HttpRequest:
    """Returns the request for the vectors of the inputs."""
    body: Json = {"model": request.model, "input": list(request.inputs), **vendor.embedding}
    if request.dimensions is not None:
        body[vendor.dimensions] = request.dimensions
    adaptations: tuple[Adaptation, ...] = ()
    if request.purpose and request.purpose in vendor.purposes:
        body[vendor.purpose] = vendor.purposes[request.purpose]
    elif request.purpose:
        adaptations = (dropped("purpose", f"{vendor.name} embeds no text for {request.purpose}"),)
    return _post("/embeddings", body, adaptations)


def decode_embed(response: HttpResponse) -> Embeddings:
    """Reads the vectors.

    Raises:
        MalformedResponse: The body is not in the format.
    """
    document = read_object(response.body)
    vectors = read_vectors(members(document, "data"))
    return Embeddings(vectors, usage=_usage(document), model=text(document, "model"))


def encode_rerank(request: RerankRequest, vendor: Vendor) -> HttpRequest:
    """Returns the request for the ranking of the documents."""
    body: Json = {"model": request.model, "query": request.query, "documents": list(request.documents)}
    if request.top is not None:
        body[vendor.top] = request.top
    return _post("/rerank", {**body, **vendor.reranking})


def decode_rerank(response: HttpResponse) -> Ranking:
    """Reads the ranking.

    Raises:
        MalformedResponse: The body is not in the format.
    """
    document = read_object(response.body)
    return Ranking(read_ranking(document), usage=_usage(document), model=text(document, "model"))


def decode_error(response: HttpResponse) -> ProviderError:
    """Returns the error of a response; never raises."""
    return ERRORS.of_response(response)


def _post(path: str, body: Json, adaptations: tuple[Adaptation, ...] = ()) -> HttpRequest:
    return HttpRequest("POST", path, {"content-type": "application/json"}, orjson.dumps(body), adaptations)


def _usage(document: Json) -> Usage | None:
    """Returns the tokens that were read; the vendors count nothing else."""
    counts = member(document, "usage")
    counted = count(counts, "prompt_tokens"), count(counts, "total_tokens")
    return None if counted == (None, None) else Usage(first(*counted))

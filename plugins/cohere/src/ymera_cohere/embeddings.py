"""Embeddings: `POST /v2/embed`."""

from collections.abc import Mapping

import orjson

from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.generation import Adaptation, AdaptationKind, Usage
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, count, member, read_object, text
from ymera_service.sdk.work import Embeddings, EmbedPurpose, EmbedRequest

MOST_INPUTS = 96
"""https://docs.cohere.com/reference/embed, November 2026."""

_INPUT_TYPES: Mapping[EmbedPurpose | None, str] = {
    None: "search_document",
    EmbedPurpose.DOCUMENT: "search_document",
    EmbedPurpose.QUERY: "search_query",
    EmbedPurpose.CLASSIFICATION: "classification",
    EmbedPurpose.CLUSTERING: "clustering",
    EmbedPurpose.SIMILARITY: "clustering",
}
_MAPPED: Mapping[EmbedPurpose | None, str] = {
    None: "Cohere requires a purpose; the texts were embedded as documents",
    EmbedPurpose.SIMILARITY: "Cohere has no such purpose; the texts were embedded for clustering",
}


def encode(request: EmbedRequest) -> HttpRequest:
    """Returns the request for the vectors of the inputs."""
    body: Json = {
        "model": request.model,
        "texts": list(request.inputs),
        "input_type": _INPUT_TYPES[request.purpose],
        "embedding_types": ["float"],
        "truncate": "NONE",
    }
    if request.dimensions is not None:
        body["output_dimension"] = request.dimensions
    detail = _MAPPED.get(request.purpose)
    adaptations = (Adaptation(AdaptationKind.MAPPED, "purpose", detail),) if detail else ()
    return HttpRequest("POST", "/v2/embed", {"content-type": "application/json"}, orjson.dumps(body), adaptations)


def decode(response: HttpResponse) -> Embeddings:
    """Reads the vectors. Version 1 of the API had them without a type.

    Raises:
        MalformedResponse: The body is not in the format.
    """
    document = read_object(response.body)
    found = document.get("embeddings")
    vectors = found.get("float") if isinstance(found, dict) else found
    if not isinstance(vectors, list) or not vectors or not all(isinstance(vector, list) for vector in vectors):
        raise MalformedResponse("the answer has no embeddings")
    tokens = count(member(member(document, "meta"), "billed_units"), "input_tokens")
    return Embeddings(
        tuple([tuple(vector) for vector in vectors]),
        usage=None if tokens is None else Usage(tokens),
        response_id=text(document, "id"),
    )

"""Embeddings and reranking, which Converse lacks: InvokeModel with the formats of the models' vendors.

See https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html, November 2026.
"""

from collections.abc import Mapping

from ymera_bedrock.dialect import post
from ymera_service.sdk.errors import InvalidProviderRequest, MalformedResponse
from ymera_service.sdk.generation import Adaptation, Usage
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.adaptations import dropped, mapped
from ymera_service.sdk.wire.json_reader import Json, count, read_object, text
from ymera_service.sdk.wire.ranking import read_ranking
from ymera_service.sdk.work import Embeddings, EmbedPurpose, EmbedRequest, Ranking, RerankRequest

_MOST_OF_COHERE = 96
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
_TOKENS = "x-amzn-bedrock-input-token-count"


def most_inputs(model: str) -> int:
    """Returns how many texts a model embeds in one call."""
    return _MOST_OF_COHERE if _is_of_cohere(model) else 1


def encode_embed(request: EmbedRequest) -> HttpRequest:
    """Returns the request for the vectors of the inputs.

    Raises:
        InvalidProviderRequest: There are more inputs than the model embeds in one call.
    """
    if len(request.inputs) > most_inputs(request.model):
        raise InvalidProviderRequest(f"the model embeds at most {most_inputs(request.model)} texts in one call")
    return post(request.model, "invoke", _of_cohere(request) if _is_of_cohere(request.model) else _of_titan(request))


def adaptations(request: EmbedRequest) -> tuple[Adaptation, ...]:
    """Returns what of a request is not sent as it was given."""
    if not _is_of_cohere(request.model):
        return (dropped("purpose", "Titan embeds every text alike"),) if request.purpose else ()
    detail = _MAPPED.get(request.purpose)
    return (mapped("purpose", detail),) if detail else ()


def decode_embed(response: HttpResponse, request: EmbedRequest) -> Embeddings:
    """Reads the vectors of Titan or Cohere.

    Raises:
        MalformedResponse: The body is in neither format.
    """
    document = read_object(response.body)
    found = document.get("embeddings", [document.get("embedding")])
    vectors = found.get("float") if isinstance(found, dict) else found
    if not isinstance(vectors, list) or not vectors or not all(isinstance(vector, list) for vector in vectors):
        raise MalformedResponse("the answer has no embeddings")
    counted = response.headers.get(_TOKENS, "")
    tokens = int(counted) if counted.isdecimal() else count(document, "inputTextTokenCount")
    return Embeddings(
        tuple([tuple(vector) for vector in vectors]),
        usage=None if tokens is None else Usage(tokens),
        response_id=text(document, "id"),
        adaptations=adaptations(request),
    )


def encode_rerank(request: RerankRequest) -> HttpRequest:
    """Returns the request for the ranking of the documents."""
    body: Json = {"query": request.query, "documents": request.documents}
    if request.top is not None:
        body["top_n"] = request.top
    if _is_of_cohere(request.model):
        body["api_version"] = 2
    return post(request.model, "invoke", body)


def decode_rerank(response: HttpResponse) -> Ranking:
    """Reads the ranking. It is charged by searches, not by tokens.

    Raises:
        MalformedResponse: The body is not in the format.
    """
    return Ranking(read_ranking(read_object(response.body)))


def _is_of_cohere(model: str) -> bool:
    return "cohere." in model


def _of_titan(request: EmbedRequest) -> Json:
    size = {} if request.dimensions is None else {"dimensions": request.dimensions}
    return {"inputText": request.inputs[0], **size}


def _of_cohere(request: EmbedRequest) -> Json:
    size = {} if request.dimensions is None else {"output_dimension": request.dimensions}
    return {
        "texts": request.inputs,
        "input_type": _INPUT_TYPES[request.purpose],
        "embedding_types": ["float"],
        "truncate": "NONE",
        **size,
    }

"""Embeddings: texts in, vectors out; `batchEmbedContents` of the developer API, and `predict` of Vertex AI."""

from ymera_gemini.dialect import path_of, post
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, count, member, members, read_object, required
from ymera_service.sdk.work import Embeddings, EmbedPurpose, EmbedRequest

_TASK_TYPES = {
    EmbedPurpose.DOCUMENT: "RETRIEVAL_DOCUMENT",
    EmbedPurpose.QUERY: "RETRIEVAL_QUERY",
    EmbedPurpose.CLASSIFICATION: "CLASSIFICATION",
    EmbedPurpose.CLUSTERING: "CLUSTERING",
    EmbedPurpose.SIMILARITY: "SEMANTIC_SIMILARITY",
}


def encode_batch(request: EmbedRequest) -> HttpRequest:
    """Returns the request to the developer API."""
    asked: Json = {"model": path_of(request.model).removeprefix("/")}
    if request.dimensions is not None:
        asked["outputDimensionality"] = request.dimensions
    if request.purpose is not None:
        asked["taskType"] = _TASK_TYPES[request.purpose]
    requests = [asked | {"content": _content(text)} for text in request.inputs]
    return post(request.model, "batchEmbedContents", {"requests": requests})


def encode_predict(request: EmbedRequest) -> HttpRequest:
    """Returns the request to Vertex AI."""
    task: Json = {} if request.purpose is None else {"task_type": _TASK_TYPES[request.purpose]}
    body: Json = {"instances": [{"content": text, **task} for text in request.inputs]}
    if request.dimensions is not None:
        body["parameters"] = {"outputDimensionality": request.dimensions}
    return post(request.model, "predict", body)


def decode(response: HttpResponse) -> Embeddings:
    """Reads the vectors that either API returns.

    Raises:
        MalformedResponse: The body is not in either format.
    """
    body = read_object(response.body)
    if "predictions" in body:
        found = [member(prediction, "embeddings") for prediction in members(body, "predictions")]
        tokens = sum(count(member(one, "statistics"), "token_count") or 0 for one in found)
    else:
        found = members(body, "embeddings")
        tokens = count(member(body, "usageMetadata"), "promptTokenCount") or 0
    if not found:
        raise MalformedResponse("the answer has no embeddings")
    return Embeddings(tuple([_vector(one) for one in found]), usage=Usage(tokens) if tokens else None)


def _content(text: str) -> Json:
    return {"parts": [{"text": text}]}


def _vector(embedding: Json) -> tuple[float, ...]:
    try:
        return tuple(float(number) for number in required(embedding, "values", list, "embeddings"))
    except (TypeError, ValueError) as error:
        raise MalformedResponse(f"an embedding is not in the format: {error}") from None

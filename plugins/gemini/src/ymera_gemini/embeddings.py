"""Embeddings: texts in, vectors out; `batchEmbedContents` of the developer API, and `predict` of Vertex AI."""

from collections.abc import Sequence
from dataclasses import dataclass

from ymera_gemini.dialect import path_of, post
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, count, member, members, read_object, required


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The vectors, in the order of the inputs. The usage is zero if the API reports none."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage


def encode_batch(model: str, inputs: Sequence[str], dimensions: int | None = None) -> HttpRequest:
    """Returns the request to the developer API."""
    asked: Json = {"model": path_of(model).removeprefix("/")}
    if dimensions is not None:
        asked["outputDimensionality"] = dimensions
    return post(model, "batchEmbedContents", {"requests": [asked | {"content": _content(text)} for text in inputs]})


def encode_predict(model: str, inputs: Sequence[str], dimensions: int | None = None) -> HttpRequest:
    """Returns the request to Vertex AI."""
    parameters = {} if dimensions is None else {"parameters": {"outputDimensionality": dimensions}}
    return post(model, "predict", {"instances": [{"content": text} for text in inputs], **parameters})


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
    return Embeddings(tuple(_vector(one) for one in found), Usage(tokens))


def _content(text: str) -> Json:
    return {"parts": [{"text": text}]}


def _vector(embedding: Json) -> tuple[float, ...]:
    try:
        return tuple(float(number) for number in required(embedding, "values", list, "embeddings"))
    except (TypeError, ValueError) as error:
        raise MalformedResponse(f"an embedding is not in the format: {error}") from None

"""Embeddings: texts in, vectors out."""

from dataclasses import dataclass
from typing import Literal

import orjson

from ymera_openai import errors
from ymera_openai.usage import read_usage
from ymera_service.sdk.generation import Adaptation, AdaptationKind, Usage
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, as_object, member, members, read_json, text
from ymera_service.sdk.wire.vectors import read_vectors
from ymera_service.sdk.work import Embeddings, EmbedRequest

NO_PURPOSE = Adaptation(AdaptationKind.DROPPED, "purpose", "this API embeds every text in the same way")


@dataclass(frozen=True, slots=True)
class Form:
    """How a vendor returns vectors.

    Attributes:
        encoding: The `encoding_format` that is asked for; empty if none is, for vectors in JSON.
        path: The address.
        typecode: The type of the numbers in base64, as of `array`.
    """

    encoding: str = ""
    path: str = "/embeddings"
    typecode: Literal["f", "b"] = "f"


JSON_NUMBERS = Form()
PACKED = Form("base64")
"""A quarter of the size."""
INT8 = Form("base64_int8", "/v1/embeddings", "b")
"""That of Perplexity: https://docs.perplexity.ai/docs/embeddings/quickstart, November 2026."""


def encode(request: EmbedRequest, form: Form = JSON_NUMBERS) -> HttpRequest:
    """Returns the request for the vectors of the inputs."""
    body: Json = {"model": request.model, "input": list(request.inputs)}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if form.encoding:
        body["encoding_format"] = form.encoding
    adaptations = (NO_PURPOSE,) if request.purpose else ()
    return HttpRequest("POST", form.path, {"content-type": "application/json"}, orjson.dumps(body), adaptations)


def decode(response: HttpResponse, form: Form = JSON_NUMBERS) -> Embeddings:
    """Reads the vectors, which come as numbers or in base64, floats as little-endian ones of 32 bits.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not in the format.
    """
    document = read_object(response)
    reported = read_usage(member(document, "usage"))
    usage = reported.usage if reported else None
    if reported and not reported.usage.input_tokens:  # Voyage reports only the total
        usage = Usage(input_tokens=reported.total_tokens or 0)
    return Embeddings(
        read_vectors(members(document, "data"), form.typecode),
        usage=usage,
        cost_micros=reported.cost_micros if reported else None,
        model=text(document, "model"),
        response_id=text(document, "id"),
    )


def read_object(response: HttpResponse) -> Json:
    """Returns the JSON object of a successful response.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not a JSON object.
    """
    document = read_json(response.body)
    if failure := errors.in_body(document):
        raise failure
    return as_object(document)

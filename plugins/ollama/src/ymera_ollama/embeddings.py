"""Embeddings: texts in, vectors out."""

import orjson

from ymera_ollama.errors import ERRORS
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.generation import Adaptation, AdaptationKind, Usage
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, count, read_object, text
from ymera_service.sdk.work import Embeddings, EmbedRequest

_NO_PURPOSE = Adaptation(AdaptationKind.DROPPED, "purpose", "this API embeds every text in the same way")


def encode(request: EmbedRequest, settings: Json) -> HttpRequest:
    """Returns the request for the vectors; `settings` are further members of the body.

    `truncate` is false because the end of a text that is too long would otherwise not count.
    """
    body: Json = {"model": request.model, "input": list(request.inputs), "truncate": False, **settings}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    adaptations = (_NO_PURPOSE,) if request.purpose else ()
    return HttpRequest("POST", "/api/embed", {"content-type": "application/json"}, orjson.dumps(body), adaptations)


def decode(response: HttpResponse) -> Embeddings:
    """Reads the vectors.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not in the format.
    """
    body = read_object(response.body)
    if body.get("error"):
        raise ERRORS.of_document(body)
    vectors = body.get("embeddings")
    if vectors is None and body.get("embedding"):  # the form of `/api/embeddings`, which `/api/embed` replaced
        vectors = [body["embedding"]]
    if not isinstance(vectors, list) or not vectors:
        raise MalformedResponse("the answer has no embeddings")
    tokens = count(body, "prompt_eval_count")
    usage = None if tokens is None else Usage(tokens)
    return Embeddings(tuple([_vector(one) for one in vectors]), usage=usage, model=text(body, "model"))


def _vector(numbers: object) -> tuple[float, ...]:
    try:
        if isinstance(numbers, list):
            return tuple(float(number) for number in numbers)
    except (TypeError, ValueError):
        pass
    raise MalformedResponse("an embedding is not a list of numbers")

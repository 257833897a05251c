"""Reranking, as vLLM, llama.cpp, OpenRouter, Together and others offer it beside OpenAI's API."""

import orjson

from ymera_openai.embeddings import read_object
from ymera_openai.usage import read_usage
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, member, text
from ymera_service.sdk.wire.ranking import read_ranking
from ymera_service.sdk.work import Ranking, RerankRequest


def encode(request: RerankRequest) -> HttpRequest:
    """Returns the request for the ranking of the documents."""
    body: Json = {"model": request.model, "query": request.query, "documents": list(request.documents)}
    if request.top is not None:
        body["top_n"] = request.top
    return HttpRequest("POST", "/rerank", {"content-type": "application/json"}, orjson.dumps(body))


def decode(response: HttpResponse) -> Ranking:
    """Reads the ranking.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not in the format.
    """
    document = read_object(response)
    reported = read_usage(member(document, "usage"))
    usage = reported.usage if reported else None
    if reported and not reported.usage.input_tokens:  # most report only the total
        usage = Usage(input_tokens=reported.total_tokens or 0)
    return Ranking(
        read_ranking(document),
        usage=usage,
        cost_micros=reported.cost_micros if reported else None,
        model=text(document, "model"),
        response_id=text(document, "id"),
    )

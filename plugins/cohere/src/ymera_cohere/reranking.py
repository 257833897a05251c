"""Reranking: `POST /v2/rerank`."""

import orjson

from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, read_object, text
from ymera_service.sdk.wire.ranking import read_ranking
from ymera_service.sdk.work import Ranking, RerankRequest


def encode(request: RerankRequest) -> HttpRequest:
    """Returns the request for the ranking of the documents."""
    body: Json = {"model": request.model, "query": request.query, "documents": list(request.documents)}
    if request.top is not None:
        body["top_n"] = request.top
    return HttpRequest("POST", "/v2/rerank", {"content-type": "application/json"}, orjson.dumps(body))


def decode(response: HttpResponse) -> Ranking:
    """Reads the ranking. Cohere counts searches, not tokens.

    Raises:
        MalformedResponse: The body is not in the format.
    """
    document = read_object(response.body)
    return Ranking(read_ranking(document), response_id=text(document, "id"))

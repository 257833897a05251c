"""Listings of models."""

import orjson

from ymera_openai import errors
from ymera_openai.documents import Json, members, text
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.http import HttpResponse


def decode_models(response: HttpResponse) -> list[Json]:
    """Returns the entries of a listing; each has an `id`.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not in the format.
    """
    try:
        document = orjson.loads(response.body)
    except ValueError as error:
        raise MalformedResponse(f"the listing is not JSON: {error}") from None
    if isinstance(document, list):  # Together's
        document = {"data": document}
    elif failure := errors.in_body(document):
        raise failure
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        raise MalformedResponse("the listing has no data")
    return [entry for entry in members(document, "data") if text(entry, "id")]

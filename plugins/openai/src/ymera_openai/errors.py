"""Finds and classifies vendors' errors."""

from datetime import UTC, datetime

from ymera_service.sdk.errors import ProviderError, ProviderOverloaded
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.wire.error_reader import ErrorReader
from ymera_service.sdk.wire.json_reader import member

ERRORS = ErrorReader(by_status={498: ProviderOverloaded})
"""Groq's flex tier uses status 498."""


def decode_error(response: HttpResponse) -> ProviderError:
    """Returns what a response of status 400 or above means. Never raises."""
    return ERRORS.of_response(response, datetime.now(UTC))


def in_body(document: object) -> ProviderError | None:
    """Returns the error that a body of status 200 holds, or None if it holds an answer."""
    if isinstance(document, list):
        document = document[0] if document and isinstance(document[0], dict) else {}
    if not isinstance(document, dict):
        return None
    error = document.get("error") or ("x_groq" in document and member(document, "x_groq").get("error"))
    if error and isinstance(error, dict | str):
        return ERRORS.of_document({**document, "error": error})
    if document.get("object") == "error" or document.get("type") == "error":
        return ERRORS.of_document(document)
    if "base_resp" in document and (refused := member(document, "base_resp")).get("status_code"):  # MiniMax
        return ERRORS.of_document({"error": {"code": refused["status_code"], "message": refused.get("status_msg")}})
    return None

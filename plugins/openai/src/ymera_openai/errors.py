"""What a vendor's error means: the meaning of its words goes before its status."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from ymera_openai.retry_after import wait_of
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextTooLong,
    InvalidProviderRequest,
    NotFound,
    ProviderError,
    ProviderOverloaded,
    ProviderServerError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
)
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.wire.json_reader import Json, member, text, word
from ymera_service.sdk.wire.status import ErrorReport, ErrorTable, error_document

_LONGEST_MESSAGE = 2000

_TOO_LONG = re.compile(
    r"context_length_exceeded|too_many_prompt_tokens|context (length|window|size)|context_window"
    r"|(prompt|input|messages?|request)( \([^)]*\))? (is|are|was|were) too (long|large)|prompt too long"
    r"|(maximum|max) prompt length|prompt exceeds|exceeded model token limit|must have less than \d+ tokens"
    r"|too many (input |prompt )?tokens|input length .{0,60}exceed|reduce the length of|range of input length"
    r"|exceeds? (the |model'?s? )?(maximum|max|limit).{0,40}tokens"
)
_FILTERED = re.compile(
    r"content_filter|content_policy|responsibleai|content management policy|data_?inspection|sensitive[_ ]content"
    r"|moderation_blocked|safety system|\bflagged\b|inappropriate content"
    r"|(violat|against)\w* .{0,60}(policy|policies|guidelines|terms)"
)
_NO_QUOTA = re.compile(
    r"insufficient_quota|insufficient[_ ]balance|insufficient[_ ]funds|insufficient[_ ]credits|billing_hard_limit"
    r"|billing_not_active|payment required|arrearage|out of credits?|exceeded_current_quota|credit balance"
    r"|more credits|used all available credits|spending limit|not enough (credits?|balance)|余额不足|欠费"
)
_MAYBE_QUOTA = re.compile(r"exceeded your current quota|quota[_ ](exceeded|exhausted)|exceeded .{0,40}quota")
_BAD_KEY = re.compile(
    r"invalid_api_key|api_key_invalid|authentication_error|invalid_authentication|unauthenticated"
    r"|(incorrect|invalid|missing|wrong|malformed|expired|no) (api[ _-]?key|authentication|bearer token|access token)"
    r"|api[ _-]?key( \S+)? (is )?(not valid|invalid|incorrect|missing|expired|not found|required|must be provided)"
    r"|(provide|need) (an |a valid |your )?api[ _-]?key"
)
_BUSY = re.compile(
    r"overloaded|over capacity|at capacity|capacity exceeded|capacity_exceeded|model is (currently )?loading|too busy"
    r"|no (healthy upstream|available (workers?|capacity))"
)
_TOO_FAST = re.compile(
    r"rate_?limit|rate limit|too many requests|too_many_requests|throttl|(requests|tokens) per (min|sec|hour|day)"
)
_UNKNOWN_MODEL = re.compile(
    r"model_not_found|model_not_exist|invalid_model|unknown_model|deploymentnotfound|modelnotfound|model_decommissioned"
    r"|model_not_available"
    r"|model not (found|exist)|模型不存在|(invalid|unknown|no such) model\b|not a valid model|supported models are"
    r"|model:? [`'\"]?[\w./:@-]+[`'\"]? (does not exist|not found|was not found|is not found|is not supported"
    r"|is not available|not exist|has been (decommissioned|deprecated|removed)|could not be found)"
)
_TIMED_OUT = re.compile(r"time[d_ -]?out|deadline exceeded")

_TABLE = ErrorTable(by_status={498: ProviderOverloaded})
"""498 is that of Groq's flex tier."""


def decode_error(response: HttpResponse) -> ProviderError:
    """Returns what a response of status 400 or above means. Never raises."""
    return _error(error_document(response.body), response.status, response.headers)


def in_body(document: object) -> ProviderError | None:
    """Returns the failure that a body of status 200 holds, or `None` where it holds an answer."""
    if isinstance(document, list):
        document = document[0] if document and isinstance(document[0], dict) else {}
    if not isinstance(document, dict):
        return None
    error = document.get("error") or ("x_groq" in document and member(document, "x_groq").get("error"))
    if error and isinstance(error, dict | str):
        return _error({**document, "error": error}, None, {})
    if document.get("object") == "error" or document.get("type") == "error":
        return _error(document, None, {})
    if "base_resp" in document and (refused := member(document, "base_resp")).get("status_code"):  # MiniMax's way
        return _error({"error": {"code": refused["status_code"], "message": refused.get("status_msg")}}, None, {})
    return None


def in_stream(data: str) -> ProviderError:
    """Returns the failure that an event named `error` tells."""
    return _error(error_document(data.encode()), None, {})


def of_object(error: Json) -> ProviderError:
    """Returns the failure that an error object of a failed response tells."""
    return _error({"error": error}, None, {})


def _error(document: object, status: int | None, headers: Mapping[str, str]) -> ProviderError:
    top, error = _locate(document)
    message = _message(document, top, error)
    type_, code = word(error.get("type")) or word(error.get("status")), word(error.get("code"))
    if error is not top:
        code = code or word(top.get("code"))
    if status is None:
        status = _status_within(error)
    now = datetime.now(UTC)
    wait = wait_of(headers, message, error, now)
    innermost = text(member(error, "innererror"), "code")
    kind = _classify(f"{type_} {code} {innermost} {_upstream(error)} {message}".lower(), status, wait)
    return ErrorReport(message, status, type_, code, text(error, "param"), wait).error(kind, headers, now)


def _locate(document: object) -> tuple[Json, Json]:
    """Returns the outermost object and the one that describes the error; they may be the same."""
    if isinstance(document, list):
        document = document[0] if document else {}
    if not isinstance(document, dict):
        return {}, {}
    error = document
    for _ in range(3):
        inner = error.get("error") or error.get("errors") or error.get("detail")
        if isinstance(inner, list):
            inner = inner[0] if inner else None
        if not isinstance(inner, dict):
            break
        error = inner
    # Gateways name the outer kind "error"; it tells nothing.
    if error is document and error.get("type") == "error":
        error = {name: value for name, value in error.items() if name != "type"}
    return document, error


def _message(document: object, top: Json, error: Json) -> str:
    for holder in (error, top):
        for name in ("message", "msg", "error", "detail", "error_message", "errors"):
            found = holder.get(name)
            if isinstance(found, list) and found:
                found = found[0]
            if isinstance(found, str) and found.strip():
                return found.strip()[:_LONGEST_MESSAGE]
    return document.strip()[:_LONGEST_MESSAGE] if isinstance(document, str) else ""


def _upstream(error: Json) -> str:
    """Returns what a gateway passes on of its own upstream's error, which says more than its own words."""
    return word(member(error, "metadata").get("raw"))[:_LONGEST_MESSAGE]


def _status_within(error: Json) -> int | None:
    for name in ("status_code", "code", "status", "http_code"):
        value = word(error.get(name))
        if value.isascii() and value.isdigit() and 400 <= int(value) <= 599:
            return int(value)
    return None


def _classify(words: str, status: int | None, wait: float | None) -> type[ProviderError]:
    if status not in (401, 429) and _TOO_LONG.search(words):
        return ContextTooLong
    if _NO_QUOTA.search(words) or (_MAYBE_QUOTA.search(words) and wait is None and not _TOO_FAST.search(words)):
        return QuotaExhausted
    if status not in (None, 400, 401, 403, 404, 422) and status < 500 and status != 429:
        return _TABLE.of_status(status)
    return _by_words(words, status) or _by_status(words, status)


def _by_words(words: str, status: int | None) -> type[ProviderError] | None:
    if status is None or status == 429 or status >= 500:
        if _BUSY.search(words):
            return ProviderOverloaded
        if status == 429 or _TOO_FAST.search(words):
            return RateLimited
    if status is None or status < 500:
        if _BAD_KEY.search(words) and status != 404:
            return AuthenticationFailed
        if _FILTERED.search(words) and status != 401:
            return ContentFiltered
    if _UNKNOWN_MODEL.search(words) and status not in (401, 403):
        return NotFound
    return None


def _by_status(words: str, status: int | None) -> type[ProviderError]:
    if status is None:
        if "invalid_request" in words or "tool_use_failed" in words:
            return InvalidProviderRequest
        return ProviderTimeout if _TIMED_OUT.search(words) else ProviderServerError
    return _TABLE.of_status(status)

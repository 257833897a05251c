"""The meaning of an error's wording, in any format: gateways pass on the errors of any vendor."""

import re

from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextTooLong,
    InvalidProviderRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderOverloaded,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
)

_TOO_LONG = re.compile(
    r"context_length_exceeded|too_many_prompt_tokens|context (length|limit|window|size)|context_window"
    r"|(prompt|input|messages?|request)( \([^)]*\))? (is|are|was|were) too (long|large)|prompt too long"
    r"|(maximum|max) prompt length|prompt exceeds|exceeded model token limit|must have less than \d+ tokens"
    r"|too many (input |prompt )?tokens|input length .{0,60}exceed|reduce the length of|range of input length"
    r"|exceeds? (the |model'?s? )?(maximum|max|limit).{0,40}tokens"
)
_FILTERED = re.compile(
    r"content_filter|content_policy|responsibleai|content management policy|data_?inspection|sensitive[_ ]content"
    r"|moderation_blocked|safety (system|filter|classifier)|\bflagged\b|inappropriate content"
    r"|content filter|usage policy|(violat|against)\w* .{0,60}(policy|policies|guidelines|terms)"
)
_NO_QUOTA = re.compile(
    r"insufficient_quota|insufficient[_ ]balance|insufficient[_ ]funds|insufficient[_ ]credits|billing_hard_limit"
    r"|billing_not_active|payment required|arrearage|out of credits?|exceeded_current_quota|credit balance"
    r"|more credits|used all available credits|spend(ing)? limit|not enough (credits?|balance)|api usage limit"
    r"|余额不足|欠费"
)
_MAYBE_QUOTA = re.compile(r"exceeded your current quota|quota[_ ](exceeded|exhausted)|exceeded .{0,40}quota")
_BAD_KEY = re.compile(
    r"invalid_api_key|api_key_invalid|authentication_error|invalid_authentication|unauthenticated"
    r"|(incorrect|invalid|missing|wrong|malformed|expired|revoked|unknown|no)"
    r" (x-api-key|api[ _-]?key|authentication|(bearer|access|auth) token|credentials)"
    r"|api[ _-]?key( \S+)? (is |has |has been )?"
    r"(not valid|invalid|incorrect|missing|expired|revoked|disabled|not found|required|must be provided)"
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
_FORBIDDEN = re.compile(r"permission_error|permission_denied|organi[sz]ation has been (disabled|suspended)")
_INVALID = re.compile(r"invalid_request|tool_use_failed")
_TIMED_OUT = re.compile(r"time[d_ -]?out|deadline exceeded")


_RULES = (
    (_BUSY, ProviderOverloaded, (None, 429, 500)),
    (_TOO_FAST, RateLimited, (None, 500)),
    (_BAD_KEY, AuthenticationFailed, (None, 400, 401, 403, 422)),
    (_FILTERED, ContentFiltered, (None, 400, 403, 404, 422)),
    (_UNKNOWN_MODEL, NotFound, (None, 400, 404, 422, 500)),
    (_FORBIDDEN, PermissionDenied, (None, 400)),
    (_INVALID, InvalidProviderRequest, (None,)),
    (_TIMED_OUT, ProviderTimeout, (None,)),
)
"""In order, with the statuses that the wording overrides; 500 means 500 and above, None an error within a stream."""


def kind_of_words(words: str, status: int | None, wait: float | None) -> type[ProviderError] | None:
    """Returns the type of an error with this lower-case wording; None leaves the decision to the status.

    An ambiguous quota error is a rate limit if the time to `wait` is known.
    """
    if status not in (401, 429) and _TOO_LONG.search(words):
        return ContextTooLong
    if _NO_QUOTA.search(words) or (_MAYBE_QUOTA.search(words) and wait is None and not _TOO_FAST.search(words)):
        return QuotaExhausted
    status = min(status, 500) if status else None
    return next((kind for pattern, kind, statuses in _RULES if status in statuses and pattern.search(words)), None)

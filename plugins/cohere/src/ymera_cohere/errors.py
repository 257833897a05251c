"""The meaning of Cohere's errors, which are a status and a sentence."""

import re

from ymera_service.sdk.errors import AuthenticationFailed, ProviderError, QuotaExhausted, RateLimited
from ymera_service.sdk.wire.error_reader import ErrorReader

_MONTHLY = re.compile(r"calls ?/ ?month", re.IGNORECASE)
"""Of the limit of a trial key, which no wait of seconds helps."""


class CohereErrors(ErrorReader):
    """Reads errors by their sentence as well."""

    def refined(self, error: ProviderError, document: object) -> ProviderError:
        """Returns the error; a monthly limit is a quota."""
        if isinstance(error, RateLimited) and _MONTHLY.search(error.message):
            return QuotaExhausted(error.message, status=error.status, retry_after=error.retry_after)
        return error


ERRORS = CohereErrors(by_status={498: AuthenticationFailed})

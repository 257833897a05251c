"""The meaning of Cohere's errors, which are a status and a sentence."""

import re
from collections.abc import Mapping
from datetime import datetime

from ymera_service.sdk.errors import AuthenticationFailed, ProviderError, QuotaExhausted, RateLimited
from ymera_service.sdk.wire.error_reader import ErrorReader

_MONTHLY = re.compile(r"calls ?/ ?month", re.IGNORECASE)
"""Of the limit of a trial key, which no wait of seconds helps."""


class CohereErrors(ErrorReader):
    """Reads errors by their sentence as well."""

    def of_document(
        self,
        document: object,
        status: int | None = None,
        headers: Mapping[str, str] = {},  # never changed
        now: datetime | None = None,
    ) -> ProviderError:
        """See `ErrorReader.of_document`."""
        error = ErrorReader.of_document(self, document, status, headers, now)
        if isinstance(error, RateLimited) and _MONTHLY.search(error.message):
            return QuotaExhausted(error.message, status=error.status, retry_after=error.retry_after)
        return error


ERRORS = CohereErrors(by_status={498: AuthenticationFailed})

"""The meaning of Ollama's errors, which are a status and a sentence, or a sentence alone within a stream."""

import re

from ymera_service.sdk.errors import NotFound, ProviderError, ProviderOverloaded
from ymera_service.sdk.wire.error_reader import ErrorReader

_NOT_PULLED = re.compile(r"model ['\"]?(?P<model>[^'\"\s]+)['\"]? not found", re.IGNORECASE)
_NO_MEMORY = re.compile(r"requires more system memory|out of memory|cudaMalloc failed", re.IGNORECASE)


class OllamaErrors(ErrorReader):
    """Reads errors by their sentence as well."""

    def refined(self, error: ProviderError, document: object) -> ProviderError:
        """Returns the error; that of a missing model names the remedy."""
        if missing := _NOT_PULLED.search(error.message):
            remedy = f"model '{missing['model']}' is not on this host: run `ollama pull {missing['model']}` there"
            return NotFound(remedy, status=error.status, type=error.type, code=error.code)
        if _NO_MEMORY.search(error.message):
            return ProviderOverloaded(error.message, status=error.status, type=error.type, code=error.code)
        return error


ERRORS = OllamaErrors()

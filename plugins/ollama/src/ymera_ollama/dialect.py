"""Ollama's `/api/chat` as a dialect."""

from dataclasses import replace
from datetime import UTC, datetime

import orjson

from ymera_ollama.adaptations import adaptations_of
from ymera_ollama.decoder import ChatDecoder
from ymera_ollama.errors import ERRORS
from ymera_ollama.profiles import Profiles
from ymera_ollama.requests import chat
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.http import Decoder, HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json


class OllamaDialect:
    """The dialect of one provider; `profiles` holds what its models accept, `settings` further members of a body."""

    def __init__(self, settings: Json | None = None) -> None:
        self.profiles = Profiles()
        self.settings = settings or {}

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        profile = self.profiles.of(request.model)
        body = {"model": request.model, "stream": request.stream, **chat(request.prompt, profile), **self.settings}
        accept = "application/x-ndjson" if request.stream else "application/json"
        headers = {"content-type": "application/json", "accept": accept}
        encoded = HttpRequest("POST", "/api/chat", headers, orjson.dumps(body))
        return replace(encoded, adaptations=adaptations_of(request.prompt, body, profile))

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        return ChatDecoder()

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """See `Dialect.decode_error`."""
        return ERRORS.of_response(response, datetime.now(UTC))

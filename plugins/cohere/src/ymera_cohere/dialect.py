"""Cohere's chat API as a dialect."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import orjson

from ymera_cohere.adaptations import adaptations_of
from ymera_cohere.decoder import ChatDecoder
from ymera_cohere.errors import ERRORS
from ymera_cohere.requests import chat
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.http import Decoder, HttpRequest, HttpResponse
from ymera_service.sdk.models import Capability, ModelInfo


class CohereDialect:
    """The dialect; which models think it learns from their list."""

    def __init__(self) -> None:
        self._thinks: dict[str, bool | None] = {}

    def learn(self, models: Iterable[ModelInfo]) -> None:
        """Notes what the listed models can do."""
        for info in models:
            unknown = Capability.REASONING in info.unknown
            self._thinks[info.name] = None if unknown else Capability.REASONING in info.capabilities

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        thinks = self._thinks.get(request.model)
        body = {"model": request.model, "stream": request.stream, **chat(request.prompt, thinks=thinks)}
        accept = "text/event-stream" if request.stream else "application/json"
        headers = {"content-type": "application/json", "accept": accept}
        encoded = HttpRequest("POST", "/v2/chat", headers, orjson.dumps(body))
        return replace(encoded, adaptations=adaptations_of(request.prompt, body, thinks=thinks))

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        return ChatDecoder()

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """See `Dialect.decode_error`."""
        return ERRORS.of_response(response, datetime.now(UTC))

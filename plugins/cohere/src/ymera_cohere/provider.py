"""Cohere, or another server with its API."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ymera_cohere import embeddings, reranking
from ymera_cohere.listing import page_request, read_page
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import InvalidProviderRequest, ProviderError
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.http import Decoder, Endpoint, HttpProvider, HttpRequest, HttpResponse, Transport
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.wire.error_reader import ErrorReader
from ymera_service.sdk.wire.json_reader import read_object
from ymera_service.sdk.work import Embeddings, EmbedRequest, Ranking, RerankRequest

COHERE = "cohere"

_ERRORS = ErrorReader()
_NO_CHAT = "models of Cohere are offered for embeddings and reranking only"


class NoChat:
    """A dialect for errors alone: no model is listed that answers prompts."""

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """Refuses the request."""
        raise InvalidProviderRequest(_NO_CHAT)

    def decoder(self, request: GenerateRequest) -> Decoder:
        """Refuses the request."""
        raise InvalidProviderRequest(_NO_CHAT)

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """See `Dialect.decode_error`."""
        return _ERRORS.of_response(response, datetime.now(UTC))


class CohereProvider(HttpProvider):
    """Embeds and reranks."""

    def __init__(self, endpoint: Endpoint, transport: Transport) -> None:
        super().__init__(COHERE, NoChat(), endpoint, transport)

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`."""
        listed: dict[str, ModelInfo] = {}
        after: str | None = ""
        while after is not None:
            page, after = read_page(read_object((await self.fetch(page_request(after))).body))
            if page.keys() <= listed.keys():
                break  # the endpoint ignores `page_token`, so this loop would never end
            listed |= page
        return [replace(info, deployments=self.endpoint.deployments) for info in listed.values()]

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        encoded = embeddings.encode(request)
        reply = embeddings.decode(await self.fetch(encoded, context))
        return replace(reply, adaptations=encoded.adaptations)

    async def rerank(self, request: RerankRequest, context: CallContext) -> Ranking:
        """See `Provider.rerank`."""
        return reranking.decode(await self.fetch(reranking.encode(request), context))

"""A provider that uses one of OpenAI's dialects."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from ymera_openai import embeddings, moderations, profiles, reranking
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.completions import Completions
from ymera_openai.listing import Offer, decode_models
from ymera_openai.quirks import Quirks
from ymera_openai.responses import Responses
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed, ProviderError
from ymera_service.sdk.events import Accepted, ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.http import Decoder, Dialect, Endpoint, HttpProvider, HttpRequest, HttpResponse, Transport
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import Embeddings, EmbedRequest, ModerateRequest, Moderations, Ranking, RerankRequest


class ByModel:
    """OpenAI's dialects: chat completions, except for models and tools that only another API offers."""

    def __init__(self, quirks: Quirks) -> None:
        self._chat = ChatCompletions(quirks)
        self._responses = Responses(quirks)
        self._completions = Completions()

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`."""
        return self._for(request).encode(request)

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        return self._for(request).decoder(request)

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """See `Dialect.decode_error`."""
        return self._chat.decode_error(response)

    def _for(self, request: GenerateRequest) -> Dialect:
        model = request.model
        if request.prompt.provider_tools or profiles.needs_responses(model):
            return self._responses
        return self._completions if profiles.needs_completions(model) else self._chat


class OpenAiProvider(HttpProvider):
    """Lists its models by `GET /models`, or offers the configured ones."""

    def __init__(
        self,
        name: str,
        dialect: Dialect,
        endpoint: Endpoint,
        transport: Transport,
        *,
        offer: Offer,
        names: Sequence[str] = (),
        listing: str = "/models",
        packed: bool = False,
    ) -> None:
        """`listing` is the address of the models; `packed` says that the API returns vectors in base64 if asked."""
        super().__init__(name, dialect, endpoint, transport)
        self._offer = offer
        self._names = tuple(names)
        self._listing = listing
        self._packed = packed

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`."""
        if self._names:
            return [self._offered(self._offer.named(name)) for name in self._names]
        entries = decode_models(await self.fetch(HttpRequest("GET", self._listing)))
        unique = {str(entry["id"]): entry for entry in entries}
        return [self._offered(self._offer.described(entry)) for entry in unique.values()]

    def _offered(self, info: ModelInfo) -> ModelInfo:
        return replace(info, deployments=self.endpoint.deployments) if self.endpoint.accounts else info

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        encoded = embeddings.encode(request, packed=self._packed)
        reply = embeddings.decode(await self.fetch(encoded, context))
        return replace(reply, adaptations=encoded.adaptations)

    async def rerank(self, request: RerankRequest, context: CallContext) -> Ranking:
        """See `Provider.rerank`."""
        return reranking.decode(await self.fetch(reranking.encode(request), context))

    async def moderate(self, request: ModerateRequest, context: CallContext) -> Moderations:
        """See `Provider.moderate`."""
        return moderations.decode(await self.fetch(moderations.encode(request), context))


class Unconfigured(Provider):
    """A vendor that is configured but lacks a key or an address; listing its models fails and names what is missing."""

    def __init__(self, name: str, missing: str) -> None:
        self.name = name
        self.missing = missing

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`; always fails."""
        raise AuthenticationFailed(self.missing)

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """See `Provider.generate`; always fails."""
        raise AuthenticationFailed(self.missing)
        yield Accepted()

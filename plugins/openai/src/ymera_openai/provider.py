"""A provider that uses one of OpenAI's dialects."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import date

from ymera_openai import embeddings, moderations, profiles, reranking
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.completions import Completions
from ymera_openai.costs import Bills
from ymera_openai.embeddings import JSON_NUMBERS, Form
from ymera_openai.listing import Offer, decode_models
from ymera_openai.quirks import Quirks
from ymera_openai.responses import Responses
from ymera_service.sdk.billing import AdminKey, Bill
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed, ProviderError
from ymera_service.sdk.events import Accepted, ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.http import Decoder, Dialect, Endpoint, HttpProvider, HttpRequest, HttpResponse, Transport
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.wire.json_reader import Json, read_object, required_count
from ymera_service.sdk.work import (
    CountRequest,
    Embeddings,
    EmbedRequest,
    ModerateRequest,
    Moderations,
    Ranking,
    RerankRequest,
    TokenCount,
)


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
        checked: str = "",
        vectors: Form = JSON_NUMBERS,
        counts: Responses | None = None,
        bills: Bills | None = None,
        admin: AdminKey | None = None,
    ) -> None:
        """
        Args:
            name: The provider's name.
            dialect: The format of the API.
            endpoint: Its address.
            transport: Carries the requests.
            offer: What applies to all models.
            names: The models to offer, instead of those that the API lists.
            listing: The address of the list of models.
            checked: The address by which keys are checked, if that is another one.
            vectors: How the API returns vectors.
            counts: Encodes requests for a count of tokens, if the API counts them.
            bills: Fetches what the vendor bills, if it can be asked.
            admin: The key for that.
        """
        super().__init__(name, dialect, endpoint, transport)
        self._offer = offer
        self._names = tuple(names)
        self._listing = listing
        self._checked = checked or listing
        self._vectors = vectors
        self._counts = counts
        self._bills = bills
        self._admin = admin or AdminKey({}, "")

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`."""
        if self._names:
            return [self._offered(self._offer.named(name)) for name in self._names]
        # A marketplace's list takes long enough to hold up requests.
        return await asyncio.to_thread(self._described, await self.fetch(HttpRequest("GET", self._listing)))

    def _described(self, response: HttpResponse) -> Sequence[ModelInfo]:
        unique = {str(entry["id"]): entry for entry in decode_models(response)}
        return [self._offered(self._offer.described(entry)) for entry in unique.values()]

    def checking(self) -> HttpRequest:
        """See `HttpProvider.checking`."""
        return HttpRequest("GET", self._checked)

    def _offered(self, info: ModelInfo) -> ModelInfo:
        return replace(info, deployments=self.endpoint.deployments)

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        encoded = embeddings.encode(request, self._vectors)
        reply = embeddings.decode(await self.fetch(encoded, context), self._vectors)
        return replace(reply, adaptations=encoded.adaptations)

    async def count_tokens(self, request: CountRequest, context: CallContext) -> TokenCount:
        """See `Provider.count_tokens`."""
        if self._counts is None:
            return await super().count_tokens(request, context)
        response = await self.fetch(self._counts.encode_count(request), context)
        return TokenCount(required_count(read_object(response.body), "input_tokens"))

    async def billed(self, start: date, end: date) -> Sequence[Bill] | None:
        """See `Provider.billed`."""
        return None if self._bills is None else await self._bills(self._fetch_as_administrator, start, end)

    async def _fetch_as_administrator(self, request: HttpRequest) -> Json:
        return read_object((await self.fetch_as_administrator(request, self._admin)).body)

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

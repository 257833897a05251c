"""A vendor that embeds and reranks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ymera_embedders import formats
from ymera_embedders.vendors import Model, Vendor
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import InvalidProviderRequest, ProviderError
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.http import Decoder, Endpoint, HttpProvider, HttpRequest, HttpResponse, Transport
from ymera_service.sdk.models import Kind, ModelInfo
from ymera_service.sdk.work import Embeddings, EmbedRequest, Ranking, RerankRequest


class EmbedderProvider(HttpProvider):
    """Embeds and reranks with the models that its vendor documents, or those that are configured."""

    def __init__(self, vendor: Vendor, endpoint: Endpoint, transport: Transport, names: Sequence[str] = ()) -> None:
        """`names` are the models to offer, instead of those that are documented."""
        super().__init__(vendor.name, _NoAnswers(vendor.name), endpoint, transport)
        self._vendor = vendor
        known = vendor.models
        self._models: Mapping[str, Model] = {name: known.get(name) or _named(name) for name in names} or known

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`."""
        return [self._info(name, model) for name, model in self._models.items()]

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        encoded = formats.encode_embed(request, self._vendor)
        reply = formats.decode_embed(await self.fetch(encoded, context))
        return replace(reply, adaptations=encoded.adaptations)

    async def rerank(self, request: RerankRequest, context: CallContext) -> Ranking:
        """See `Provider.rerank`."""
        return formats.decode_rerank(await self.fetch(formats.encode_rerank(request, self._vendor), context))

    def _info(self, name: str, model: Model) -> ModelInfo:
        texts, tokens = model.batch
        return ModelInfo(
            name,
            kind=model.kind,
            deployments=self.endpoint.deployments,
            context_window=model.context_window,
            price_vendor=self._vendor.price_vendor,
            max_batch_inputs=texts,
            max_batch_tokens=tokens,
        )


def _named(name: str) -> Model:
    """Returns a model that is not documented; its name says what it is for."""
    return Model(Kind.RERANK if "rerank" in name else Kind.EMBED)


class _NoAnswers:
    """The dialect of a vendor whose models answer no prompts."""

    def __init__(self, name: str) -> None:
        self._name = name

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`; always fails."""
        raise InvalidProviderRequest(f"{self._name} has no models that answer prompts")

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`; is not called, as no request is sent."""
        raise InvalidProviderRequest(f"{self._name} has no models that answer prompts")

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """See `Dialect.decode_error`."""
        return formats.decode_error(response)

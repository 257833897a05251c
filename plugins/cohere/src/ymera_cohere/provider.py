"""Cohere, or another server with its API."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ymera_cohere import embeddings, listing, reranking
from ymera_cohere.dialect import CohereDialect
from ymera_cohere.settings import ModelSettings
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.http import Endpoint, HttpProvider, HttpRequest, Transport
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.wire.json_reader import read_object
from ymera_service.sdk.work import Embeddings, EmbedRequest, Ranking, RerankRequest

COHERE = "cohere"


class CohereProvider(HttpProvider):
    """Answers prompts, embeds and reranks."""

    dialect: CohereDialect

    def __init__(
        self, endpoint: Endpoint, transport: Transport, models: Mapping[str, ModelSettings] | None = None
    ) -> None:
        """`models` are offered instead of those that the API lists."""
        super().__init__(COHERE, CohereDialect(), endpoint, transport)
        self._configured = [listing.configured(name, model) for name, model in (models or {}).items()]

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`."""
        offered = self._configured or await self._list()
        self.dialect.learn(offered)
        return [replace(info, deployments=self.endpoint.deployments) for info in offered]

    def checking(self) -> HttpRequest:
        """See `HttpProvider.checking`."""
        return listing.page_request("")

    async def _list(self) -> list[ModelInfo]:
        listed: dict[str, ModelInfo] = {}
        after: str | None = ""
        while after is not None:
            response = await self.fetch(listing.page_request(after))
            page, after = listing.read_page(read_object(response.body))
            if page.keys() <= listed.keys():
                break  # the endpoint ignores `page_token`, so this loop would never end
            listed |= page
        return list(listed.values())

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        encoded = embeddings.encode(request)
        reply = embeddings.decode(await self.fetch(encoded, context))
        return replace(reply, adaptations=encoded.adaptations)

    async def rerank(self, request: RerankRequest, context: CallContext) -> Ranking:
        """See `Provider.rerank`."""
        return reranking.decode(await self.fetch(reranking.encode(request), context))

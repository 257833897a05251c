"""Providers that use the Gemini API."""

from collections.abc import Mapping, Sequence

from ymera_gemini import embeddings
from ymera_gemini.dialect import GeminiDialect
from ymera_gemini.listing import page_request, read_page
from ymera_gemini.profiles import Profile
from ymera_gemini.settings import ModelSettings
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.http import Endpoint, HttpProvider, HttpRequest, Transport
from ymera_service.sdk.models import Capability, Kind, ModelInfo
from ymera_service.sdk.targets import Deployment
from ymera_service.sdk.wire.json_reader import read_object, required_count
from ymera_service.sdk.wire.profiles import configured
from ymera_service.sdk.work import CountRequest, Embeddings, EmbedRequest, TokenCount

MOST_INPUTS = 100
"""Texts of `embed` in one request to the developer API."""
PRICE_VENDOR = "google"
"""The name of Google's price list in `genai-prices`."""


class GeminiProvider(HttpProvider):
    """Google's developer API, or another endpoint that implements it."""

    dialect: GeminiDialect
    _encode_embed = staticmethod(embeddings.encode_batch)

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        transport: Transport,
        models: Mapping[str, ModelSettings] | None = None,
        *,
        price_vendor: str = PRICE_VENDOR,
        dialect: GeminiDialect | None = None,
    ) -> None:
        """`models` are offered instead of those that the endpoint lists."""
        super().__init__(name, dialect or GeminiDialect(), endpoint, transport)
        self._models = models or {}
        self._price_vendor = price_vendor
        profiles = self.dialect.profiles
        for model, settings in self._models.items():
            profiles.learn(model, configured(profiles.of(model), settings))

    @property
    def deployments(self) -> Sequence[Deployment]:
        """How each model can be called."""
        return self.endpoint.deployments

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`. The configured models, or all that the endpoint lists."""
        profiles = self.dialect.profiles
        if self._models:
            return [self._info(name, profiles.of(name)) for name in self._models]
        listed = await self._list()
        for name, profile in listed.items():
            profiles.learn(name, profile)
        return [self._info(name, profile) for name, profile in listed.items()]

    def checking(self) -> HttpRequest:
        """See `HttpProvider.checking`."""
        return page_request()

    async def count_tokens(self, request: CountRequest, context: CallContext) -> TokenCount:
        """See `Provider.count_tokens`."""
        response = await self.fetch(self.dialect.encode_count(request.prompt, request.model), context)
        return TokenCount(required_count(read_object(response.body), "totalTokens"))

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        return embeddings.decode(await self.fetch(self._encode_embed(request), context))

    async def _list(self) -> dict[str, Profile]:
        listed, after = read_page(read_object((await self.fetch(page_request())).body))
        while after:
            page, after = read_page(read_object((await self.fetch(page_request(after))).body))
            if page.keys() <= listed.keys():
                break  # the endpoint ignores `pageToken`, so this loop would never end
            listed |= page
        return listed

    def _info(self, name: str, profile: Profile) -> ModelInfo:
        return ModelInfo(
            name,
            profile.capabilities,
            profile.context_window,
            profile.max_output_tokens,
            kind=profile.kind,
            deployments=tuple(self.deployments),
            price_vendor=self._price_vendor,
            unknown=profile.unknown - profile.capabilities,
            efforts=(profile.levels or None) if Capability.REASONING in profile.capabilities else None,
            max_batch_inputs=MOST_INPUTS if profile.kind is Kind.EMBED else 0,
        )

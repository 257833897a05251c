"""Providers that use the Messages API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ymera_anthropic.costs import cost_report
from ymera_anthropic.dialect import MessagesDialect
from ymera_anthropic.listing import page_request, read_page
from ymera_anthropic.profiles import ASCENDING, Profile
from ymera_anthropic.settings import EndpointSettings
from ymera_service.sdk.billing import AdminKey, Bill
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.http import Endpoint, HttpProvider, HttpRequest, Transport
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.wire.json_reader import Json, read_object, required_count
from ymera_service.sdk.wire.profiles import configured
from ymera_service.sdk.work import CountRequest, TokenCount


@dataclass(frozen=True, slots=True)
class Vendor:
    """An endpoint's vendor: the provider's name, its address, the headers of its accounts, its price list, and
    the key for its bills if it has some."""

    name: str
    base_url: str
    accounts: Mapping[str, Mapping[str, str]] = field(repr=False)
    price_vendor: str = ""
    local: bool = False
    admin: AdminKey | None = None


class AnthropicProvider(HttpProvider):
    """Anthropic, or another vendor that implements its API."""

    dialect: MessagesDialect

    def __init__(self, vendor: Vendor, settings: EndpointSettings, transport: Transport) -> None:
        headers = {"anthropic-version": settings.version}
        if settings.beta:
            headers["anthropic-beta"] = ",".join(settings.beta)
        dialect = MessagesDialect(settings.version, settings.default_max_tokens, settings.beta)
        super().__init__(vendor.name, dialect, Endpoint(vendor.base_url, headers, vendor.accounts), transport)
        self._vendor = vendor
        self._models = settings.models
        for name, model in self._models.items():
            dialect.profiles.learn(name, configured(dialect.profiles.of(name), model))

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`. The configured models, or all that the endpoint lists."""
        profiles = self.dialect.profiles
        if self._models:
            return [self._info(name, profiles.of(name)) for name in self._models]
        listed = await self._list()
        for name, profile in listed.items():
            profiles.learn(name, profile)
        return [self._info(name, profile) for name, profile in listed.items()]

    async def count_tokens(self, request: CountRequest, context: CallContext) -> TokenCount:
        """See `Provider.count_tokens`."""
        response = await self.fetch(self.dialect.encode_count(request.prompt, request.model), context)
        return TokenCount(required_count(read_object(response.body), "input_tokens"))

    async def billed(self, start: date, end: date) -> Sequence[Bill] | None:
        """See `Provider.billed`."""
        admin = self._vendor.admin
        if admin is None:
            return None

        async def fetch(request: HttpRequest) -> Json:
            return read_object((await self.fetch_as_administrator(request, admin)).body)

        return await cost_report(fetch, start, end)

    def checking(self) -> HttpRequest:
        """See `HttpProvider.checking`."""
        return page_request()

    async def _list(self) -> dict[str, Profile]:
        listed, after = read_page(read_object((await self.fetch(page_request())).body))
        while after:
            page, after = read_page(read_object((await self.fetch(page_request(after))).body))
            if page.keys() <= listed.keys():
                break  # the endpoint ignores `after_id`, so this loop would never end
            listed |= page
        return listed

    def _info(self, name: str, profile: Profile) -> ModelInfo:
        return ModelInfo(
            name,
            profile.capabilities,
            profile.context_window,
            profile.max_output_tokens,
            price_vendor=self._vendor.price_vendor,
            local=self._vendor.local,
            deployments=self.endpoint.deployments,
            unknown=profile.unknown - profile.capabilities,
            efforts=tuple(each for each in ASCENDING if each in profile.efforts) or None,
            deprecated=profile.deprecated,
        )

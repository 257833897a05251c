"""One or several hosts that run Ollama."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from ymera_ollama import embeddings, listing
from ymera_ollama.dialect import OllamaDialect
from ymera_ollama.profiles import Profile
from ymera_ollama.settings import ModelSettings, OllamaSettings
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import MalformedResponse, ProviderError
from ymera_service.sdk.http import Endpoint, HttpProvider, HttpRequest, Transport
from ymera_service.sdk.keys import Keys
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.sdk.wire.json_reader import Json, read_object, text
from ymera_service.sdk.work import Embeddings, EmbedRequest

_MAX_CONCURRENT_REQUESTS = 4

Listed = dict[str, Profile]


class OllamaProvider(HttpProvider):
    """The models on hosts, each of which is a target of every model that it has."""

    dialect: OllamaDialect

    def __init__(
        self,
        name: str,
        hosts: Mapping[str, str],
        transport: Transport,
        settings: OllamaSettings,
        *,
        key: str = "",
        keys: Keys | None = None,
        configured: bool = True,
        local: bool = True,
    ) -> None:
        """
        Args:
            name: The provider's name.
            hosts: The addresses of the hosts, by the names of their endpoints.
            transport: Carries the requests.
            settings: What is sent with each request, and the models that are offered.
            key: Sent as a bearer token; empty for none.
            keys: Those of the accounts, instead, if there is one host.
            configured: Whether hosts are expected to answer; otherwise one that does not has no models.
            local: Whether calls cost nothing.
        """
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._endpoints = {host: Endpoint(address.rstrip("/"), headers, keys or {}) for host, address in hosts.items()}
        dialect = OllamaDialect({} if settings.keep_alive is None else {"keep_alive": settings.keep_alive})
        super().__init__(name, dialect, next(iter(self._endpoints.values())), transport)
        self.configured = configured
        self._settings = settings
        self._local = local

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`. A host that can't be listed is left out if another can."""
        hosts = list(self._endpoints)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._list_or_fail(host)) for host in hosts]
        results = dict(zip(hosts, (task.result() for task in tasks), strict=True))
        listed = {host: found for host, found in results.items() if not isinstance(found, ProviderError)}
        if not listed:
            return self._none(next(found for found in results.values() if isinstance(found, ProviderError)))
        profiles = self._chosen({name: each for found in listed.values() for name, each in found.items()})
        self.dialect.profiles.learn(profiles)
        return [self._info(name, profile, listed) for name, profile in profiles.items()]

    def _none(self, error: ProviderError) -> Sequence[ModelInfo]:
        """Returns no models if nothing is expected to be there.

        Raises:
            ProviderError: A host is configured.
        """
        if self.configured:
            raise error
        return []

    async def authorize(self, request: HttpRequest, context: CallContext) -> HttpRequest:
        """See `HttpProvider.authorize`; a call goes to its target's host."""
        deployment = context.target.deployment
        return self._endpoints.get(deployment.endpoint, self.endpoint).resolve(request, deployment.account)

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        context_window = self.dialect.profiles.of(request.model).num_ctx
        settings = {**self.dialect.settings, **({"options": {"num_ctx": context_window}} if context_window else {})}
        encoded = embeddings.encode(request, settings)
        reply = embeddings.decode(await self.fetch(encoded, context))
        return replace(reply, adaptations=encoded.adaptations)

    async def _list_or_fail(self, host: str) -> Listed | ProviderError:
        try:
            return await self._list(host)
        except ProviderError as error:
            return error

    async def _list(self, host: str) -> Listed:
        if not self.configured and not text(await self._object(host, listing.VERSION), "version"):
            raise MalformedResponse(f"the server at {self._endpoints[host].base_url} is not Ollama")
        tags = listing.read_tags(await self._object(host, listing.TAGS))
        slots = asyncio.Semaphore(_MAX_CONCURRENT_REQUESTS)
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(self._show(host, name, slots)) for name in tags}
        return {name: listing.profile_of(name, tasks[name].result(), remote=remote) for name, remote in tags.items()}

    async def _show(self, host: str, name: str, slots: asyncio.Semaphore) -> Json:
        async with slots:
            try:
                return await self._object(host, listing.show(name))
            except ProviderError:  # the model was deleted meanwhile, or this version lacks the endpoint
                return {}

    async def _object(self, host: str, request: HttpRequest) -> Json:
        if self.keys is not None:  # there is one host, and each account may list it
            return read_object((await self.fetch(request)).body)
        target = Target(self.name, "", Deployment(endpoint=host))
        return read_object((await self.fetch(request, CallContext("", target, deadline=inf))).body)

    def _chosen(self, listed: Listed) -> Listed:
        """Returns the models to offer: the configured ones, also those that are on no host, or else all."""
        names = self._settings.models or dict.fromkeys(listed, ModelSettings())
        return {
            name: self._configured(_found(listed, name) or listing.profile_of(name, {}), model)
            for name, model in names.items()
        }

    def _configured(self, profile: Profile, model: ModelSettings) -> Profile:
        wanted = model.context_window or self._settings.context_window
        if wanted:
            wanted = min(wanted, profile.context_window or wanted)
            profile = replace(profile, context_window=wanted, num_ctx=wanted)
        if model.capabilities is not None:
            profile = replace(profile, capabilities=model.capabilities, unknown=frozenset())
        return profile

    def _info(self, name: str, profile: Profile, listed: Mapping[str, Listed]) -> ModelInfo:
        accounts = tuple(self.endpoint.accounts) or ("",)
        having = [host for host, found in listed.items() if _found(found, name)] or list(self._endpoints)
        local = self._local and not profile.remote
        return ModelInfo(
            name,
            profile.capabilities,
            profile.context_window,
            kind=profile.kind,
            deployments=tuple(Deployment(account, host) for account in accounts for host in having),
            unknown=profile.unknown,
            price=Price(0, 0, source="local") if local else None,
            local=local,
        )


def _found(listed: Listed, name: str) -> Profile | None:
    """Returns the profile of a model; a name without a tag means that of the tag `latest`."""
    return listed.get(name) or listed.get(f"{name}:latest")

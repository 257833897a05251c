"""The provider of Amazon Bedrock."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ymera_bedrock import work
from ymera_bedrock.api import Api
from ymera_bedrock.authorization import Authorizer
from ymera_bedrock.dialect import ConverseDialect
from ymera_bedrock.listing import MODELS, on_demand, profiles_request, read_models, read_profiles
from ymera_bedrock.profiles import Profile
from ymera_bedrock.regions import Region, data_region
from ymera_bedrock.settings import BEDROCK, ModelSettings
from ymera_bedrock.usage import reported_in
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed, ProviderError
from ymera_service.sdk.events import ProviderEvent, ResponseStarted
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.http import HttpProvider, HttpRequest, Transport
from ymera_service.sdk.keys import Keys
from ymera_service.sdk.models import Kind, ModelInfo
from ymera_service.sdk.targets import Deployment
from ymera_service.sdk.wire.json_reader import read_object, required_count
from ymera_service.sdk.wire.profiles import configured
from ymera_service.sdk.work import CountRequest, Embeddings, EmbedRequest, Ranking, RerankRequest, TokenCount

_WITHOUT_IDS = frozenset({Api.CONVERSE, Api.NOVA, Api.TEXT_COMPLETIONS})
PRICE_VENDOR = "aws"
"""The name of Amazon's price list in `genai-prices`."""


class BedrockProvider(HttpProvider):
    """The models of Bedrock, in one or several regions and with one or several accounts.

    Each model has a target for each account and region that list it.
    """

    dialect: ConverseDialect

    def __init__(
        self,
        regions: Mapping[str, Region],
        accounts: Mapping[str, Authorizer],
        transport: Transport,
        models: Mapping[str, ModelSettings] | None = None,
        keys: Keys | None = None,
    ) -> None:
        """
        Args:
            regions: Where models are called, by name.
            accounts: By name, which may be empty if there is only one.
            transport: Carries the requests.
            models: Replace those that are listed.
            keys: Those of the accounts that have one of Bedrock.
        """
        first = next(iter(regions.values()))
        super().__init__(BEDROCK, ConverseDialect(), first.runtime, transport)
        self.keys = keys
        self._regions = regions
        self._accounts = accounts
        self._models = models or {}
        profiles = self.dialect.profiles
        for name, settings in self._models.items():
            profiles.learn(name, configured(profiles.of(name), settings))

    @property
    def deployments(self) -> Sequence[Deployment]:
        """How models can be called: with every account in every region."""
        return [Deployment(account, region) for account in self._accounts for region in self._regions]

    async def authorize(self, request: HttpRequest, context: CallContext) -> HttpRequest:
        """See `HttpProvider.authorize`; a call goes to its target's region, signed with the key of its account."""
        deployment = context.target.deployment
        name = deployment.endpoint if deployment.endpoint in self._regions else next(iter(self._regions))
        authorizer = self._accounts.get(deployment.account)
        if authorizer is None and not deployment.account:
            authorizer = next(iter(self._accounts.values()), None)
        if authorizer is None:  # its key was revoked a moment ago: no other account is charged instead
            raise AuthenticationFailed(f"the key of the account {deployment.account!r} does not exist any more")
        region = self._regions[name]
        endpoint = region.runtime if context.target.model else region.control  # the target of a list has no model
        return await authorizer(endpoint.resolve(request), name)

    async def check_key(self, account: str | None) -> None:
        """See `Provider.check_key`; the list of models costs nothing."""
        region, control = next((name, each.control) for name, each in self._regions.items())
        if account is None:
            await self._sent(control.resolve(MODELS))
        else:
            await self.fetch(MODELS, self._listing_call(Deployment(account, region)))

    def of_head(self, headers: Mapping[str, str], request: GenerateRequest) -> Iterator[ProviderEvent]:
        """See `HttpProvider.of_head`.

        The id of the request is all by which AWS can find an answer again, unless the body has one. The counts in the
        headers are for formats that have none in the body, and are replaced by those of the body.
        """
        found = headers.get("x-amzn-requestid", "")
        if found and self.dialect.profiles.of(request.model).api in _WITHOUT_IDS:
            yield ResponseStarted(found)
        yield from reported_in(headers)

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`. The configured models, or all that a region lists for an account."""
        profiles = self.dialect.profiles
        if self._models:
            return [self._info(name, profiles.of(name), self.deployments) for name in self._models]
        deployments: defaultdict[str, list[Deployment]] = defaultdict(list)
        for deployment, listed in (await self._lists()).items():
            for name, profile in listed.items():
                profiles.learn(name, profile)
                deployments[name].append(deployment)
        return [self._info(name, profiles.of(name), found) for name, found in deployments.items()]

    async def count_tokens(self, request: CountRequest, context: CallContext) -> TokenCount:
        """See `Provider.count_tokens`."""
        response = await self.fetch(self.dialect.encode_count(request.prompt, request.model), context)
        return TokenCount(required_count(read_object(response.body), "inputTokens"))

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        return work.decode_embed(await self.fetch(work.encode_embed(request), context), request)

    async def rerank(self, request: RerankRequest, context: CallContext) -> Ranking:
        """See `Provider.rerank`."""
        return work.decode_rerank(await self.fetch(work.encode_rerank(request), context))

    async def _lists(self) -> dict[Deployment, dict[str, Profile]]:
        """Returns what each deployment lists; one that fails is left out.

        Raises:
            ProviderError: All failed.
        """
        async with asyncio.TaskGroup() as group:
            tasks = {each: group.create_task(self._list_or_error(each)) for each in self.deployments}
        outcomes = {deployment: task.result() for deployment, task in tasks.items()}
        lists = {deployment: found for deployment, found in outcomes.items() if not isinstance(found, ProviderError)}
        if not lists:
            raise next(found for found in outcomes.values() if isinstance(found, ProviderError))
        return lists

    async def _list_or_error(self, deployment: Deployment) -> dict[str, Profile] | ProviderError:
        try:
            return await self._list(deployment)
        except ProviderError as error:
            return error

    async def _list(self, deployment: Deployment) -> dict[str, Profile]:
        context = self._listing_call(deployment)
        body = read_object((await self.fetch(MODELS, context)).body)
        models = read_models(body)
        listed = {name: models[name] for name in on_demand(body)}
        after = ""
        while True:
            page, after = read_profiles(read_object((await self.fetch(profiles_request(after), context)).body), models)
            if not after or page.keys() <= listed.keys():  # else an endpoint that ignores the token has no last page
                return listed | page
            listed |= page

    def _info(self, name: str, profile: Profile, deployments: Sequence[Deployment]) -> ModelInfo:
        return ModelInfo(
            name,
            profile.capabilities,
            profile.context_window,
            profile.max_output_tokens,
            kind=profile.kind,
            deployments=tuple([replace(each, region=data_region(name, each.endpoint)) for each in deployments]),
            price_vendor=PRICE_VENDOR,
            unknown=profile.unknown - profile.capabilities,
            efforts=profile.efforts or None,
            deprecated=profile.deprecated,
            max_batch_inputs=work.most_inputs(name) if profile.kind is Kind.EMBED else 0,
        )

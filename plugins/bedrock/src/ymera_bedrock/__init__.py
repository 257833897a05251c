"""Ymera plugin: Amazon Bedrock.

In reading order: `provider` (the provider), `dialect` (the Converse API), `requests`, `contents`, `media`, `caching`
and `thinking` (encoding of requests), `features`, `adaptations`, `signatures`, `decoder`, `event_stream` (AWS's framing
of streams), `converse_reader`, `usage` and `errors` (decoding of responses), `invoke` (the formats of InvokeModel),
`work` (embeddings and reranking), `listing` and `profiles` (the models and the parameters that they accept), `regions`,
`authorization`, `signing`, `credentials` and `roles` (access), `settings`.
"""

import os
from collections.abc import Iterable, Mapping

from ymera_bedrock.authorization import Authorizer, by_key, by_signature
from ymera_bedrock.credentials import DEFAULT_PROFILE, Files, ProfileSource, Source, constant, of_environment
from ymera_bedrock.regions import Region
from ymera_bedrock.roles import has_container, of_container, of_machine
from ymera_bedrock.settings import BedrockSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Transport
from ymera_service.sdk.providers import Provider

_KEY_VARIABLE = "AWS_BEARER_TOKEN_BEDROCK"
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_DEFAULT_REGION = "us-east-1"
_IDLE = f"set {_KEY_VARIABLE}, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or plugins.bedrock.profiles"


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(settings=BedrockSettings, idle=_IDLE)


@hookimpl
def ymera_register_providers(settings: BedrockSettings, transport: Transport) -> Iterable[Provider]:
    """Offers Bedrock if there are credentials for it."""
    files = Files.of(os.environ, settings.credentials_file)
    accounts = _accounts(settings, files, transport, os.environ)
    if not accounts:
        return []
    from ymera_bedrock.provider import BedrockProvider  # noqa: PLC0415  # a server without Bedrock starts sooner

    regions = {name: Region.of(name, settings.base_url) for name in _regions(settings, files, os.environ)}
    return [BedrockProvider(regions, accounts, transport, settings.models)]


def _accounts(
    settings: BedrockSettings, files: Files, transport: Transport, environment: Mapping[str, str]
) -> dict[str, Authorizer]:
    """Returns the accounts: what the settings name goes before what the environment holds."""
    if settings.api_key:
        return {"": by_key(settings.api_key.get_secret_value())}
    if settings.profiles:
        only = len(settings.profiles) == 1
        return {"" if only else name: by_signature(ProfileSource(files, name)) for name in settings.profiles}
    if key := environment.get(_KEY_VARIABLE, "").strip():
        return {"": by_key(key)}
    source = _source(settings, files, transport, environment)
    return {"": by_signature(source)} if source else {}


def _source(
    settings: BedrockSettings, files: Files, transport: Transport, environment: Mapping[str, str]
) -> Source | None:
    """Returns where keys come from, in the order of AWS's own clients."""
    if credentials := of_environment(environment):
        return constant(credentials)
    # Without a profile that is named, what follows may be there for another purpose: the user says it is for Bedrock.
    profile = _profile(settings, environment)
    if environment.get("AWS_PROFILE") or (settings.regions and files.keys(profile)):
        return ProfileSource(files, profile)
    if settings.regions:
        return (
            of_container(transport, environment) if has_container(environment) else of_machine(transport, environment)
        )
    return None


def _regions(settings: BedrockSettings, files: Files, environment: Mapping[str, str]) -> tuple[str, ...]:
    named = next((region for name in _REGION_VARIABLES if (region := environment.get(name, "").strip())), "")
    return settings.regions or (named or files.region(_profile(settings, environment)) or _DEFAULT_REGION,)


def _profile(settings: BedrockSettings, environment: Mapping[str, str]) -> str:
    return next(iter(settings.profiles), "") or environment.get("AWS_PROFILE", "").strip() or DEFAULT_PROFILE

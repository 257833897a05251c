"""Ymera plugin: Amazon Bedrock.

In reading order: `provider` (the provider), `dialect` (the Converse API), `requests`, `contents`, `media`, `caching`
and `thinking` (encoding of requests), `features`, `adaptations`, `signatures`, `decoder`, `event_stream` (AWS's framing
of streams), `converse_reader`, `usage` and `errors` (decoding of responses), `invoke` (the formats of InvokeModel),
`work` (embeddings and reranking), `listing` and `profiles` (the models and the parameters that they accept), `regions`,
`authorization`, `signing`, `credentials` and `roles` (access), `settings`.
"""

import os
from collections.abc import Iterable, Mapping

from ymera_bedrock.authorization import Accounts, Authorizer, by_signature
from ymera_bedrock.credentials import DEFAULT_PROFILE, Files, ProfileSource, Source, constant, of_environment
from ymera_bedrock.regions import Region
from ymera_bedrock.roles import has_container, of_container, of_machine
from ymera_bedrock.settings import BEDROCK, BedrockSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Transport
from ymera_service.sdk.keys import Keys, Vault
from ymera_service.sdk.later import keyed
from ymera_service.sdk.providers import Provider

_KEY_VARIABLE = "AWS_BEARER_TOKEN_BEDROCK"
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_DEFAULT_REGION = "us-east-1"
_IDLE = f"set {_KEY_VARIABLE}, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or plugins.bedrock.profiles"


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(BedrockSettings, (1, 1), idle=_IDLE)


@hookimpl
def ymera_register_providers(
    settings: BedrockSettings, transport: Transport, vault: Vault | None
) -> Iterable[Provider]:
    """Offers Bedrock, for when there are credentials for it."""
    return providers(settings, transport, os.environ, vault)


def providers(
    settings: BedrockSettings, transport: Transport, environment: Mapping[str, str], vault: Vault | None = None
) -> Iterable[Provider]:
    """Returns the provider; none without credentials and a vault that may get a key."""
    files = Files.of(environment, settings.credentials_file)
    regions = {name: Region.of(name, settings.base_url) for name in _regions(settings, files, environment)}
    key, signing = _access(settings, files, transport, environment)
    keys = Keys(
        BEDROCK,
        key,
        vault,
        address=next(iter(regions.values())).runtime.base_url,
        variables=(_KEY_VARIABLE,),
        missing="" if signing else _IDLE,
        wanted=bool(settings.model_fields_set),
    )

    def make() -> Provider:
        from ymera_bedrock.provider import BedrockProvider  # noqa: PLC0415  # a server without Bedrock starts sooner

        return BedrockProvider(regions, Accounts(signing, keys), transport, settings.models, keys)

    return keyed(keys, vault, make)


def _access(
    settings: BedrockSettings, files: Files, transport: Transport, environment: Mapping[str, str]
) -> tuple[str, dict[str, Authorizer]]:
    """Returns a key of Bedrock or the accounts that sign: what the settings name, or else the environment holds."""
    if settings.api_key:
        return settings.api_key.get_secret_value(), {}
    if settings.profiles:
        only = len(settings.profiles) == 1
        return "", {"" if only else name: by_signature(ProfileSource(files, name)) for name in settings.profiles}
    if key := environment.get(_KEY_VARIABLE, "").strip():
        return key, {}
    source = _source(settings, files, transport, environment)
    return "", {"": by_signature(source)} if source else {}


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

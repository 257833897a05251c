"""Keys of the vault are accounts of a provider, and may change while it runs."""

from collections.abc import Mapping
from typing import Any

import pytest
import ymera_bedrock
from ymera_bedrock.settings import BedrockSettings, ModelSettings

from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.sdk.testing.recorded import RecordedTransport

from .offers import ANSWER, REQUEST, Record, models


@pytest.fixture
def transport(recorded_http: Record) -> RecordedTransport:
    return recorded_http(ANSWER)


class BedrockVault:
    """Holds keys of Bedrock in us-east-1, which may change."""

    def __init__(self, **keys: str) -> None:
        self.keys = keys

    def accounts(self, provider: str, origin: str) -> Mapping[str, str]:
        mine = (provider, origin) == ("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com")
        return self.keys if mine else {}


def with_vault(transport: RecordedTransport, vault: BedrockVault, environment: Mapping[str, str]) -> Any:
    settings = BedrockSettings(models={REQUEST.model: ModelSettings()})
    [provider] = ymera_bedrock.providers(settings, transport, environment, vault)
    return provider


async def sent(provider: Any, deployment: Deployment) -> str:
    """Returns the authorisation of a call to a deployment."""
    made = getattr(provider, "_made", provider)  # one without a key is made with its first
    context = CallContext("id", Target("bedrock", f"bedrock/{REQUEST.model}", deployment), 0.0)
    return str((await made.authorize(HttpRequest("POST", "/x"), context)).headers["authorization"])


@pytest.mark.parametrize(
    ("environment", "own"),
    [
        ({}, {}),
        ({"AWS_BEARER_TOKEN_BEDROCK": "k"}, {"configured": "Bearer k"}),
        ({"AWS_ACCESS_KEY_ID": "AKI", "AWS_SECRET_ACCESS_KEY": "s"}, {"": "AWS4-HMAC-SHA256"}),
    ],
)
async def test_a_key_of_the_vault_is_one_more_account(
    transport: RecordedTransport, environment: Mapping[str, str], own: Mapping[str, str]
) -> None:
    provider = with_vault(transport, BedrockVault(work="kept"), environment)
    assert provider.keys.stored == {"work": "kept"}
    expected = {**own, "work": "Bearer kept"}
    [model] = await provider.models()
    assert {each.account: (await sent(provider, each)).split(" Cred")[0] for each in model.deployments} == expected


async def test_a_server_that_starts_without_a_key_uses_one_that_is_added_later(transport: RecordedTransport) -> None:
    vault = BedrockVault()
    provider = with_vault(transport, vault, {})
    vault.keys = {"work": "kept"}
    [model] = await provider.models()
    assert [await sent(provider, each) for each in model.deployments] == ["Bearer kept"]


async def test_another_account_is_not_charged_for_a_key_that_was_revoked(transport: RecordedTransport) -> None:
    vault = BedrockVault(work="kept", other="stays")
    provider = with_vault(transport, vault, {})
    work, other = (await provider.models())[0].deployments
    vault.keys = {"other": "stays"}
    with pytest.raises(AuthenticationFailed, match="the key of the account 'work' does not exist"):
        await sent(provider, work)
    assert await sent(provider, other) == "Bearer stays"


async def test_a_call_that_was_planned_with_the_only_key_is_made_with_it_also_beside_another(
    transport: RecordedTransport,
) -> None:
    vault = BedrockVault()
    provider = with_vault(transport, vault, {"AWS_BEARER_TOKEN_BEDROCK": "k"})
    [planned] = (await provider.models())[0].deployments
    vault.keys = {"work": "kept"}
    assert await sent(provider, planned) == "Bearer k"


async def test_a_key_is_checked_by_the_list_of_models_for_nothing(recorded_http: Record) -> None:
    transport = recorded_http(models())
    provider = with_vault(transport, BedrockVault(work="kept"), {})
    await provider.check_key("work")
    await provider.check_key(None)
    checked, anonymous = transport.requests
    assert checked.url == anonymous.url == "https://bedrock.us-east-1.amazonaws.com/foundation-models"
    assert (checked.headers["authorization"], "authorization" in anonymous.headers) == ("Bearer kept", False)

"""Which providers there are, and where calls go, by settings, environment and files."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from ymera_bedrock import ymera_describe
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.settings import BedrockSettings

from ymera_service.sdk.errors import AuthenticationFailed
from ymera_service.sdk.targets import Target
from ymera_service.sdk.testing.answers import Answer, context_of, count_of, events_of
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

from .offers import ANSWER, FILE, REQUEST, Record, bedrock, models, profiles, providers, summary


@pytest.fixture
def transport(recorded_http: Record) -> RecordedTransport:
    return recorded_http(ANSWER)


async def authorization(provider: BedrockProvider, transport: RecordedTransport) -> tuple[str, str]:
    """Returns the address and the authorisation of a call."""
    transport.requests.clear()
    assert Answer.of(await events_of(provider, REQUEST)).text == "Hello"
    [sent] = transport.requests
    return sent.url, sent.headers["authorization"]


def test_without_credentials_no_provider_is_offered(recorded_http: Record, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(FILE)  # may be there for another purpose
    assert providers(recorded_http()) == []
    assert "AWS_BEARER_TOKEN_BEDROCK" in ymera_describe().idle


async def test_a_key_of_bedrock_is_sent_as_it_is(recorded_http: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = recorded_http(ANSWER)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKI")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "of-environment")
    address = "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-lite-v1:0/converse-stream"
    [provider] = providers(transport)
    assert await authorization(provider, transport) == (address, "Bearer of-environment")
    assert await authorization(bedrock(transport), transport) == (address, "Bearer key-of-bedrock")


IN_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIE", "AWS_SECRET_ACCESS_KEY": "s"}


@pytest.mark.parametrize(
    ("settings", "environment", "expected"),
    [
        ({}, IN_ENVIRONMENT, ("AKIE", "us-east-1")),
        ({}, {**IN_ENVIRONMENT, "AWS_DEFAULT_REGION": "us-west-2"}, ("AKIE", "us-west-2")),
        ({}, {"AWS_PROFILE": "b"}, ("AKIB", "ap-south-1")),
        (
            {},
            {"AWS_PROFILE": "b", "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "eu-west-1"},
            ("AKIB", "us-west-2"),
        ),
        ({"regions": ["eu-west-1"]}, {}, ("AKID", "eu-west-1")),
        ({"profiles": ["b"]}, IN_ENVIRONMENT, ("AKIB", "ap-south-1")),
    ],
)
async def test_settings_go_before_the_environment_and_that_before_the_files(
    transport: RecordedTransport, files: pytest.MonkeyPatch, settings: Any, environment: Any, expected: tuple[str, str]
) -> None:
    for name, value in environment.items():
        files.setenv(name, value)
    [provider] = providers(transport, **settings)
    url, sent = await authorization(provider, transport)
    key, region = expected
    assert url.startswith(f"https://bedrock-runtime.{region}.amazonaws.com/")
    assert f"Credential={key}/" in sent
    assert f"/{region}/bedrock/aws4_request" in sent


async def test_a_profile_without_a_key_fails_calls_and_not_the_start(recorded_http: Record) -> None:
    [provider] = providers(recorded_http(), profiles=["none"])
    with pytest.raises(AuthenticationFailed, match="'none'"):
        await events_of(provider, REQUEST)


@pytest.mark.parametrize("table", ['regions = ["x"]', 'base_url = "ftp://a"', 'profiles = ["a b"]', "regin = 1"])
def test_wrong_settings_are_refused(table: str) -> None:
    with pytest.raises(ValidationError):
        BedrockSettings.model_validate(tomllib.loads(table))


async def test_a_call_goes_to_its_region_with_the_key_of_its_account(recorded_http: Record, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(FILE)
    transport = recorded_http(ANSWER, models(summary(REQUEST.model)), profiles())
    [provider] = providers(transport, profiles=["default", "b"], regions=["us-east-1", "cn-north-1"])
    [info] = await provider.models()
    keys = {"default": "AKID", "b": "AKIB"}
    assert len(info.deployments) == 4
    for deployment in info.deployments:
        transport.requests.clear()
        context = replace(context_of(provider, REQUEST), target=Target("bedrock", "bedrock/x", deployment))
        assert [event async for event in provider.generate(REQUEST, context)]
        [sent] = transport.requests
        ending = ".cn" if deployment.endpoint == "cn-north-1" else ""
        assert sent.url.startswith(f"https://bedrock-runtime.{deployment.endpoint}.amazonaws.com{ending}/model/")
        assert f"Credential={keys[deployment.account]}/" in sent.headers["authorization"]


async def test_another_host_serves_calls_and_lists(recorded_http: Record) -> None:
    transport = recorded_http(ANSWER, models(summary("a.b")), profiles())
    provider = bedrock(transport, base_url="https://proxy.example/{region}/", regions=["eu-west-1"])
    await provider.models()
    await events_of(provider, REQUEST)
    assert {sent.url.partition("/eu-west-1/")[0] for sent in transport.requests} == {"https://proxy.example"}


async def test_tokens_of_a_prompt_are_counted(recorded_http: Record) -> None:
    transport = recorded_http(Exchange(b'{"inputTokens": 7}', path="/model/amazon.nova-lite-v1:0/count-tokens"))
    assert await count_of(bedrock(transport), REQUEST.model, REQUEST.prompt) == 7
    [sent] = transport.requests
    assert sent.url.startswith("https://bedrock-runtime.")
    assert orjson.loads(sent.body)["input"]["converse"].keys() == {"messages"}


def test_the_readmes_options_are_settings() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    table = tomllib.loads(readme.partition("```toml")[2].partition("```")[0])["plugins"]["bedrock"]
    assert table.keys() == BedrockSettings.model_fields.keys()
    BedrockSettings.model_validate(table)

"""Which providers there are, which models they offer, and where calls go."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import ymera_bedrock
from pydantic import ValidationError
from ymera_bedrock import ymera_describe, ymera_register_providers
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.settings import BedrockSettings, ModelSettings

from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed, MalformedResponse, PermissionDenied
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability, Kind, ModelInfo
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.sdk.testing.answers import Answer, context_of, count_of, events_of
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

from .frames import answer, block

Record = Callable[..., RecordedTransport]

VARIABLES = (
    *("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"),
)
ANSWER = Exchange(answer(block(0, {"text": "Hello"})), path="/converse-stream")
REQUEST = GenerateRequest("amazon.nova-lite-v1:0", Prompt((user("Hi"),)))
FILE = """
[default]
aws_access_key_id = AKID
aws_secret_access_key = s
[b]
aws_access_key_id = AKIB
aws_secret_access_key = t
"""


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The files of profiles; returns what changes the environment."""
    (tmp_path / "credentials").write_text(FILE)
    (tmp_path / "config").write_text("[profile b]\nregion = ap-south-1\n")
    return monkeypatch


@pytest.fixture
def transport(recorded_http: Record) -> RecordedTransport:
    return recorded_http(ANSWER)


def providers(transport: RecordedTransport, **settings: Any) -> list[BedrockProvider]:
    offered = ymera_register_providers(BedrockSettings(**settings), transport, None)
    return [provider for provider in offered if isinstance(provider, BedrockProvider)]


def bedrock(transport: RecordedTransport, **settings: Any) -> BedrockProvider:
    [provider] = providers(transport, **{"api_key": "key-of-bedrock", **settings})
    return provider


def summary(name: str, *inputs: str, **more: Any) -> Mapping[str, Any]:
    usual = {"outputModalities": ["TEXT"], "inferenceTypesSupported": ["ON_DEMAND"]}
    return {"modelId": name, "inputModalities": ["TEXT", *inputs], **usual, **more}


def models(*summaries: Mapping[str, Any], **more: Any) -> Exchange:
    return Exchange(orjson.dumps({"modelSummaries": summaries}), path="/foundation-models", **more)


def profile(name: str, model: str, kind: str = "SYSTEM_DEFINED") -> Mapping[str, Any]:
    arn = f"arn:aws:bedrock:us-east-1:1:inference-profile/{name}"
    models = [{"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model}"}]
    return {"inferenceProfileId": name, "inferenceProfileArn": arn, "type": kind, "models": models}


def profiles(*summaries: Mapping[str, Any], **more: Any) -> Exchange:
    return Exchange(orjson.dumps({"inferenceProfileSummaries": summaries}), path="/inference-profiles", **more)


async def listed(recorded_http: Record, *exchanges: Exchange, **settings: Any) -> dict[str, ModelInfo]:
    offered = await bedrock(recorded_http(*exchanges), **settings).models()
    return {info.name: info for info in offered}


async def authorization(provider: BedrockProvider, transport: RecordedTransport) -> tuple[str, str]:
    """Returns the address and the authorisation of a call."""
    transport.requests.clear()
    assert Answer.of(await events_of(provider, REQUEST)).text == "Hello"
    [sent] = transport.requests
    return sent.url, sent.headers["authorization"]


# Registration.


def test_without_credentials_there_is_no_provider(recorded_http: Record, tmp_path: Path) -> None:
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


# Models.


async def test_models_and_profiles_are_listed_with_what_they_accept(recorded_http: Record) -> None:
    claude, nova, embedder = (
        "anthropic.claude-sonnet-4-5-v1:0",
        "amazon.nova-micro-v1:0",
        "amazon.titan-embed-text-v2:0",
    )
    by_profile = {"inferenceTypesSupported": ["INFERENCE_PROFILE"]}
    found = await listed(
        recorded_http,
        models(
            summary(claude, "IMAGE", **by_profile),
            summary(nova),
            summary("acme.novel-1", "IMAGE", "SPEECH"),
            summary("amazon.nova-lite-v1:0:300k", inferenceTypesSupported=["PROVISIONED"]),
            summary(embedder, outputModalities=["EMBEDDING"]),
            summary("cohere.rerank-v3-5:0"),
            summary("stability.sd3-large-v1:0", outputModalities=["IMAGE"]),
        ),
        profiles(
            profile(f"us.{claude}", claude),
            profile("abc123", nova, "APPLICATION"),
            profile("d", embedder, "APPLICATION"),
        ),
    )
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/abc123"
    others = ["cohere.rerank-v3-5:0", "stability.sd3-large-v1:0"]
    assert list(found) == [nova, "acme.novel-1", embedder, *others, f"us.{claude}", arn]
    assert {Capability.TOOLS, Capability.IMAGE_INPUT, Capability.REASONING} <= found[f"us.{claude}"].capabilities
    assert found[nova].capabilities == {Capability.TOOLS} == found[arn].capabilities
    assert found["acme.novel-1"].capabilities == {Capability.IMAGE_INPUT, Capability.AUDIO_INPUT}
    assert Capability.TOOLS in found["acme.novel-1"].unknown
    assert Capability.VIDEO_INPUT not in found["acme.novel-1"].unknown
    assert [info.kind for info in found.values()] == [
        *(Kind.GENERATE, Kind.GENERATE, Kind.EMBED, Kind.RERANK, Kind.OTHER),
        *(Kind.GENERATE, Kind.GENERATE),
    ]
    assert (found[embedder].max_batch_inputs, found[nova].max_batch_inputs) == (1, 0)
    assert all(info.price_vendor == "aws" for info in found.values())
    assert found[nova].deployments == (Deployment("", "us-east-1"),)


async def test_pages_of_profiles_are_read_to_the_last_one(recorded_http: Record) -> None:
    first = Exchange(
        orjson.dumps({"inferenceProfileSummaries": [profile("us.a.b", "a.b")], "nextToken": "a/b="}),
        path="/inference-profiles",
        when=lambda request: "nextToken" not in request.url,
    )
    transport = recorded_http(models(), first, profiles(profile("us.a.c", "a.c")))
    assert [info.name for info in await bedrock(transport).models()] == ["us.a.b", "us.a.c"]
    control = "https://bedrock.us-east-1.amazonaws.com"
    assert [sent.url for sent in transport.requests] == [
        f"{control}/foundation-models",
        f"{control}/inference-profiles?maxResults=1000",
        f"{control}/inference-profiles?maxResults=1000&nextToken=a%2Fb%3D",
    ]
    endless = orjson.dumps({"inferenceProfileSummaries": [profile("us.a.b", "a.b")], "nextToken": "x"})
    assert list(await listed(recorded_http, models(), Exchange(endless, path="/inference-profiles"))) == ["us.a.b"]


def of_region(name: str) -> Callable[[Any], bool]:
    return lambda request: f".{name}." in request.url


async def test_a_model_has_a_target_for_each_region_that_lists_it(recorded_http: Record) -> None:
    found = await listed(
        recorded_http,
        models(summary("a.b"), summary("a.c"), when=of_region("us-east-1")),
        models(summary("a.b"), when=of_region("eu-west-1")),
        profiles(profile("eu.a.c", "a.c"), when=of_region("eu-west-1")),
        profiles(),
        regions=["us-east-1", "eu-west-1"],
    )
    regions = {name: [each.endpoint for each in info.deployments] for name, info in found.items()}
    assert regions == {"a.b": ["us-east-1", "eu-west-1"], "a.c": ["us-east-1"], "eu.a.c": ["eu-west-1"]}


@pytest.mark.parametrize(
    ("model", "region"),
    [
        ("amazon.nova-lite-v1:0", "eu-west-1"),
        ("arn:aws:bedrock:eu-west-1:1:imported-model/abc", "eu-west-1"),
        ("eu.amazon.nova-lite-v1:0", "eu"),
        ("apac.anthropic.claude-x", "apac"),
        ("us-gov.anthropic.claude-x", "us-gov"),
        ("global.anthropic.claude-x", ""),
        ("arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc", ""),
        ("arn:aws:bedrock:eu-west-1:1:inference-profile/global.anthropic.claude-x", ""),
    ],
)
async def test_it_states_where_data_are_processed(recorded_http: Record, model: str, region: str) -> None:
    [info] = (await listed(recorded_http, models={model: {}}, regions=["eu-west-1"])).values()
    assert [each.region for each in info.deployments] == [region]


async def test_a_region_that_can_not_be_listed_does_not_hide_the_others(recorded_http: Record) -> None:
    refused = models(status=403, when=of_region("eu-west-1"))
    settings = {"regions": ["eu-west-1", "us-east-1"]}
    assert list(await listed(recorded_http, refused, models(summary("a.b")), profiles(), **settings)) == ["a.b"]
    with pytest.raises(PermissionDenied):
        await listed(recorded_http, models(status=403), **settings)
    with pytest.raises(MalformedResponse):
        await listed(recorded_http, Exchange(b'{"models": []}'))


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


async def test_configured_models_are_offered_instead_of_those_that_are_listed(recorded_http: Record) -> None:
    table = {"a.b": {}, "us.anthropic.claude-x": {"context_window": 7, "capabilities": ["tools"]}}
    found = await listed(recorded_http, models=table, regions=["us-east-1", "us-west-2"])
    assert list(found) == list(table)
    info = found["us.anthropic.claude-x"]
    assert (info.context_window, info.capabilities) == (7, frozenset({Capability.TOOLS}))
    assert info.unknown == frozenset()
    assert [each.endpoint for each in info.deployments] == ["us-east-1", "us-west-2"]


async def test_a_model_that_does_not_stream_is_asked_for_its_whole_answer(recorded_http: Record) -> None:
    whole = {"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": "end_turn"}
    quiet = summary("a.b", responseStreamingSupported=False)
    transport = recorded_http(models(quiet), profiles(), Exchange(orjson.dumps(whole), path="/model/a.b/converse"))
    provider = bedrock(transport)
    await provider.models()
    assert Answer.of(await events_of(provider, replace(REQUEST, model="a.b"))).text == "Hi"


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

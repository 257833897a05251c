"""Which providers there are, and which models they offer."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr, ValidationError
from ymera_gemini import ymera_describe, ymera_register_providers
from ymera_gemini.provider import GeminiProvider
from ymera_gemini.settings import EndpointSettings, GeminiSettings, VertexSettings

from ymera_service.sdk.content import Message, Role, Text, user
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.generation import GenerateRequest, Prompt, ReasoningEffort, Sampling, Tool
from ymera_service.sdk.models import Capability, Kind, ModelInfo
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.sdk.testing.answers import context_of, count_of, events_of
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

Record = Callable[..., RecordedTransport]

UNSURE = frozenset({Capability.LOGPROBS})
ALL = frozenset(Capability) - UNSURE
BASIC = ALL - {Capability.REASONING}
ANSWER = Exchange(orjson.dumps({"candidates": [{"finishReason": "STOP"}]}), path="Content")
METHODS = ["generateContent", "countTokens"]


def listing(*models: Mapping[str, Any], **more: Any) -> bytes:
    return orjson.dumps({"models": models, **more})


def model(name: str, *methods: str, **more: Any) -> Mapping[str, Any]:
    return {"name": f"models/{name}", "supportedGenerationMethods": methods or METHODS, **more}


def providers(transport: RecordedTransport, **settings: Any) -> dict[str, GeminiProvider]:
    offered = ymera_register_providers(GeminiSettings(**settings), transport, None)
    return {provider.name: provider for provider in offered if isinstance(provider, GeminiProvider)}


def gemini(transport: RecordedTransport, **settings: Any) -> GeminiProvider:
    return providers(transport, **{"api_key": "AIza-test", **settings})["gemini"]


async def listed(recorded_http: Record, *models: Mapping[str, Any]) -> dict[str, ModelInfo]:
    transport = recorded_http(Exchange(listing(*models)))
    return {info.name: info for info in await gemini(transport).models()}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


# Registration.


def test_without_a_key_no_provider_is_offered(recorded_http: Record) -> None:
    assert providers(recorded_http()) == {}


@pytest.mark.parametrize("names", [("GEMINI_API_KEY",), ("GOOGLE_API_KEY",), ("GOOGLE_API_KEY", "GEMINI_API_KEY")])
async def test_a_key_in_the_environment_is_sent_in_a_header(
    recorded_http: Record, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    for name in names:
        monkeypatch.setenv(name, f" key-of-{name}\n")
    transport = recorded_http(Exchange(listing()))
    await providers(transport)["gemini"].models()
    [request] = transport.requests
    assert request.url == "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000"
    assert request.headers["x-goog-api-key"] == f"key-of-{names[0]}"


async def test_the_settings_go_before_the_environment(recorded_http: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-env")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://elsewhere")
    transport = recorded_http(ANSWER)
    await events_of(
        gemini(transport, base_url="http://proxy/v1/"), GenerateRequest("m", Prompt((user("Hi"),)), stream=False)
    )
    [request] = transport.requests
    assert (request.url, request.headers["x-goog-api-key"]) == ("http://proxy/v1/models/m:generateContent", "AIza-test")


@pytest.mark.parametrize("address", ["http://proxy", "http://proxy/", "http://proxy/v1beta"])
def test_the_address_in_the_environment_is_meant_as_googles_clients_mean_it(
    recorded_http: Record, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", address)
    assert gemini(recorded_http()).endpoint.base_url == "http://proxy/v1beta"


async def test_each_of_several_keys_is_a_target_of_every_model(recorded_http: Record) -> None:
    transport = recorded_http(Exchange(listing(model("gemini-2.5-flash")), path="/models"), ANSWER)
    provider = providers(transport, api_keys={"one": "AIza-1", "two": "AIza-2"})["gemini"]
    [info] = await provider.models()
    assert info.deployments == (Deployment("one"), Deployment("two"))
    request = GenerateRequest(info.name, Prompt((user("Hi"),)))
    for deployment in info.deployments:
        target = Target("gemini", "gemini/gemini-2.5-flash", deployment)
        async for _ in provider.generate(request, replace(context_of(provider, request), target=target)):
            pass
    assert [each.headers["x-goog-api-key"] for each in transport.requests] == ["AIza-1", "AIza-1", "AIza-2"]
    assert not any("AIza" in each.url for each in transport.requests)


async def test_further_endpoints_become_providers(recorded_http: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY_KEY", "of-the-proxy")
    endpoints = {
        "proxy": {"base_url": "http://proxy/v1beta", "api_key_variable": "PROXY_KEY", "models": {"gemini-2.5-pro": {}}},
        "without-its-key": {"base_url": "https://example.com/v1", "api_key_variable": "NOT_SET_ANYWHERE"},
        "open": {"base_url": "http://127.0.0.1:8080/v1beta", "price_vendor": ""},
    }
    transport = recorded_http(ANSWER)
    offered = providers(transport, endpoints=endpoints)
    assert offered.keys() == {"proxy", "open"}
    [info] = await offered["proxy"].models()
    assert (info.name, info.price_vendor, info.context_window) == ("gemini-2.5-pro", "google", 1_048_576)
    for name in offered:
        await events_of(offered[name], GenerateRequest("m", Prompt((user("Hi"),))))
    assert [each.headers.get("x-goog-api-key") for each in transport.requests] == ["of-the-proxy", None]


def test_settings_are_checked_and_keep_the_key_to_themselves(recorded_http: Record) -> None:
    assert ymera_describe().settings is GeminiSettings
    assert "AIza" not in repr(GeminiSettings(api_key=SecretStr("AIza-x"), api_keys={"a": SecretStr("AIza-y")}))
    assert "AIza" not in repr(vars(gemini(recorded_http())))
    for wrong in (
        {"apikey": "x"},
        {"base_url": "example.com"},
        {"endpoints": {"Not a name": {"base_url": "http://x"}}},
    ):
        with pytest.raises(ValidationError):
            GeminiSettings.model_validate(wrong)


def test_the_options_in_the_readme_are_accepted() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    document = tomllib.loads(readme.partition("```toml\n")[2].partition("```")[0])
    settings = GeminiSettings.model_validate(document["plugins"]["gemini"])
    documented = document["plugins"]["gemini"].keys()
    assert documented == GeminiSettings.model_fields.keys()
    [endpoint] = settings.endpoints.values()
    assert endpoint.model_fields_set >= EndpointSettings.model_fields.keys() - documented
    assert settings.vertex
    assert settings.vertex.model_fields_set == VertexSettings.model_fields.keys()


# Models.


async def test_limits_and_thinking_are_those_of_the_listing(recorded_http: Record) -> None:
    limits = {"inputTokenLimit": 1000, "outputTokenLimit": 50}
    models = await listed(
        recorded_http,
        model("gemini-2.5-flash", **limits, thinking=True),
        model("gemini-2.5-flash-x", **limits),
        model("new", thinking=True),
    )
    flash = ModelInfo("gemini-2.5-flash", ALL, 1000, 50, price_vendor="google", unknown=UNSURE)
    assert models["gemini-2.5-flash"] == flash
    assert models["gemini-2.5-flash-x"].capabilities == BASIC
    assert models["new"].capabilities == {Capability.REASONING}
    assert models["new"].unknown == BASIC | UNSURE


async def test_what_a_model_is_for_comes_from_its_methods_and_its_name(recorded_http: Record) -> None:
    models = await listed(
        recorded_http,
        model("gemini-2.5-flash"),
        model("gemini-embedding-001", "embedContent", "countTokens"),
        model("imagen-4", "predict"),
        model("gemini-live", "bidiGenerateContent"),
        model("gemini-2.5-flash-preview-tts", thinking=True),
        model("gemini-2.5-flash-image"),
        model("gemma-4-31b-it"),
    )
    assert [info.kind for info in models.values()] == [
        *(Kind.GENERATE, Kind.EMBED, Kind.OTHER, Kind.OTHER, Kind.OTHER, Kind.OTHER, Kind.GENERATE)
    ]
    assert not any(info.capabilities | info.unknown for info in models.values() if info.kind is not Kind.GENERATE)


async def test_what_a_listing_says_decides_what_is_sent(recorded_http: Record) -> None:
    models = listing(model("gemini-2.5-flash-x", outputTokenLimit=9))
    transport = recorded_http(Exchange(models, path="/models"), ANSWER)
    provider = gemini(transport)
    await provider.models()
    sampling = Sampling(max_output_tokens=10, reasoning_effort=ReasoningEffort.LOW)
    await events_of(provider, GenerateRequest("gemini-2.5-flash-x", Prompt((user("Hi"),), sampling=sampling)))
    assert orjson.loads(transport.requests[-1].body)["generationConfig"] == {"maxOutputTokens": 9}


async def test_pages_are_followed_to_the_end_and_no_further(recorded_http: Record) -> None:
    transport = recorded_http(
        Exchange(listing(model("a"), nextPageToken="x/y"), when=lambda request: "pageToken" not in request.url),
        Exchange(listing(model("b"), nextPageToken="z"), when=lambda request: request.url.endswith("pageToken=x%2Fy")),
        Exchange(listing(model("b"), nextPageToken="z")),
    )
    assert [info.name for info in await gemini(transport).models()] == ["a", "b"]
    assert len(transport.requests) == 3


async def test_names_of_other_collections_are_kept(recorded_http: Record) -> None:
    tuned = {"name": "tunedModels/mine-7", "supportedGenerationMethods": METHODS}
    assert list(await listed(recorded_http, tuned, model("a"))) == ["tunedModels/mine-7", "a"]


@pytest.mark.parametrize("body", [b'{"models": 7}', b'{"models": [{"name": 7}]}', b"[]", b'{"other": []}'])
async def test_a_listing_in_another_format_is_malformed(recorded_http: Record, body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        await gemini(recorded_http(Exchange(body))).models()


async def test_configured_models_are_offered_without_asking(recorded_http: Record) -> None:
    settings = {"gemini-2.5-pro": {}, "own": {"context_window": 9, "max_output_tokens": 5, "capabilities": ["tools"]}}
    pro, own = await gemini(recorded_http(), models=settings).models()
    assert (pro.context_window, pro.capabilities) == (1_048_576, ALL)
    assert own == ModelInfo("own", frozenset({Capability.TOOLS}), 9, 5, price_vendor="google")


async def test_tokens_are_counted_with_system_prompt_and_tools(recorded_http: Record) -> None:
    transport = recorded_http(Exchange(b'{"totalTokens": 31}', path=":countTokens"))
    prompt = Prompt((Message(Role.SYSTEM, (Text("Rule"),)), user("Hi")), (Tool("f"),))
    assert await count_of(gemini(transport), "gemini-2.5-flash", prompt) == 31
    asked = orjson.loads(transport.requests[0].body)["generateContentRequest"]
    assert asked["model"] == "models/gemini-2.5-flash"
    assert asked.keys() == {"model", "contents", "systemInstruction", "tools"}
    with pytest.raises(MalformedResponse):
        await count_of(gemini(recorded_http(Exchange(b"{}"))), "m", prompt)

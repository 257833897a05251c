"""Which providers there are, and which models they offer."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr, ValidationError
from ymera_anthropic import ymera_describe, ymera_register_providers
from ymera_anthropic.provider import AnthropicProvider
from ymera_anthropic.settings import AnthropicSettings, ModelSettings, OtherEndpointSettings

from ymera_service.sdk.content import user
from ymera_service.sdk.errors import AuthenticationFailed, MalformedResponse
from ymera_service.sdk.generation import GenerateRequest, Prompt, ReasoningEffort, Sampling
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability, ModelInfo
from ymera_service.sdk.testing.answers import count_of, events_of
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

Record = Callable[..., RecordedTransport]

MESSAGE = Exchange(orjson.dumps({"content": [], "stop_reason": "end_turn"}), path="/messages")

LACKING = frozenset({Capability.AUDIO_INPUT, Capability.VIDEO_INPUT, Capability.LOGPROBS})
"""What no model has through the API."""


def listing(*models: Mapping[str, Any], **more: Any) -> bytes:
    return orjson.dumps({"data": models, **more})


def capabilities(**reported: bool) -> Mapping[str, Any]:
    return {name: {"supported": supported} for name, supported in reported.items()}


def providers(transport: RecordedTransport, **settings: Any) -> dict[str, AnthropicProvider]:
    offered = ymera_register_providers(AnthropicSettings(**settings), transport, None)
    return {provider.name: provider for provider in offered if isinstance(provider, AnthropicProvider)}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def anthropic(transport: RecordedTransport, **settings: Any) -> AnthropicProvider:
    return providers(transport, api_key="sk-test", **settings)["anthropic"]


# Registration.


def test_without_a_key_no_provider_is_offered(recorded_http: Record) -> None:
    assert providers(recorded_http()) == {}


async def test_a_key_in_the_environment_is_used(recorded_http: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-env")
    transport = recorded_http(Exchange(listing({"id": "m"})))
    await providers(transport)["anthropic"].models()
    request = transport.requests[0]
    assert request.url == "https://api.anthropic.com/v1/models?limit=1000"
    assert (request.headers["x-api-key"], request.headers["anthropic-version"]) == ("sk-env", "2023-06-01")
    assert "anthropic-beta" not in request.headers


async def test_the_settings_go_before_the_environment(recorded_http: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-env")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://elsewhere")
    transport = recorded_http(MESSAGE)
    settings = {"base_url": "http://proxy/v1/", "version": "2026-10-21", "beta": ["a-2026", "b-2026"]}
    await events_of(anthropic(transport, **settings), GenerateRequest("claude-x", Prompt((user("Hi"),))))
    request = transport.requests[0]
    assert request.url == "http://proxy/v1/messages"
    assert request.headers["x-api-key"] == "sk-test"
    assert (request.headers["anthropic-version"], request.headers["anthropic-beta"]) == ("2026-10-21", "a-2026,b-2026")


@pytest.mark.parametrize("address", ["http://proxy", "http://proxy/", "http://proxy/v1"])
def test_the_address_in_the_environment_is_meant_as_anthropics_clients_mean_it(
    recorded_http: Record, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
    assert anthropic(recorded_http()).endpoint.base_url == "http://proxy/v1"


async def test_other_vendors_that_speak_the_dialect_become_providers(
    recorded_http: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or")
    endpoints = {
        "openrouter-messages": {
            "base_url": "https://openrouter.ai/api/v1",
            "api_key_variable": "OPENROUTER_API_KEY",
            "authentication": "bearer",
            "price_vendor": "openrouter",
            "models": {"anthropic/claude-haiku-4.5": {}},
        },
        "without-its-key": {"base_url": "https://example.com/v1", "api_key_variable": "NOT_SET_ANYWHERE"},
        "own-server": {"base_url": "http://127.0.0.1:8080/v1", "local": True},
    }
    transport = recorded_http(MESSAGE, Exchange(listing({"id": "glm-5", "context_length": 9}), path="/models"))
    offered = providers(transport, endpoints=endpoints)
    assert offered.keys() == {"openrouter-messages", "own-server"}
    [model] = await offered["openrouter-messages"].models()
    assert (model.name, model.price_vendor, model.local) == ("anthropic/claude-haiku-4.5", "openrouter", False)
    await events_of(offered["openrouter-messages"], GenerateRequest(model.name, Prompt((user("Hi"),))))
    assert transport.requests[0].headers["authorization"] == "Bearer sk-or"
    assert "x-api-key" not in transport.requests[0].headers
    tools = frozenset({Capability.TOOLS})
    unknown = frozenset(Capability) - tools - LACKING
    assert await offered["own-server"].models() == [ModelInfo("glm-5", tools, 9, local=True, unknown=unknown)]


def test_settings_are_checked_and_keep_the_key_to_themselves() -> None:
    assert ymera_describe().settings is AnthropicSettings
    assert "sk-secret" not in repr(AnthropicSettings(api_key=SecretStr("sk-secret")))
    for wrong in ({"apikey": "x"}, {"version": "new"}, {"base_url": "example.com"}, {"default_max_tokens": 0}):
        with pytest.raises(ValidationError):
            AnthropicSettings.model_validate(wrong)
    with pytest.raises(ValidationError):
        AnthropicSettings.model_validate({"endpoints": {"Not a name": {"base_url": "http://x"}}})


def test_the_options_in_the_readme_are_accepted() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    document = tomllib.loads(readme.partition("```toml\n")[2].partition("```")[0])
    settings = AnthropicSettings.model_validate(document["plugins"]["anthropic"])
    documented = document["plugins"]["anthropic"].keys()
    assert documented == AnthropicSettings.model_fields.keys()
    assert (
        settings.endpoints["openrouter-messages"].model_fields_set
        >= OtherEndpointSettings.model_fields.keys() - documented
    )


def test_a_provider_does_not_show_its_key(recorded_http: Record) -> None:
    provider = anthropic(recorded_http())
    assert "sk-test" not in repr(vars(provider))


# Models.


async def test_capabilities_in_a_listing_take_precedence_over_the_familys(recorded_http: Record) -> None:
    reported = {
        **capabilities(image_input=True, pdf_input=False, structured_outputs=True),
        "thinking": {"supported": True, "types": capabilities(adaptive=True, enabled=False)},
        "effort": {"supported": True, **capabilities(low=True, high=False)},
    }
    model = {"id": "claude-3-5-haiku-x", "max_input_tokens": 500_000, "max_tokens": 9_000, "capabilities": reported}
    transport = recorded_http(Exchange(listing(model), path="/models"), MESSAGE)
    provider = anthropic(transport)
    [info] = await provider.models()
    can = {
        Capability.WEB_SEARCH,
        Capability.CODE_EXECUTION,
        Capability.TOOLS,
        Capability.IMAGE_INPUT,
        Capability.STRUCTURED_OUTPUT,
        Capability.REASONING,
    }
    assert info == ModelInfo(
        "claude-3-5-haiku-x", frozenset(can), 500_000, 9_000, price_vendor="anthropic", efforts=("low",)
    )
    for effort, sent in ((ReasoningEffort.LOW, {"effort": "low"}), (ReasoningEffort.HIGH, {"effort": "low"})):
        prompt = Prompt((user("Hi"),), sampling=Sampling(reasoning_effort=effort))
        await events_of(provider, GenerateRequest(info.name, prompt))
        body = orjson.loads(transport.requests[-1].body)
        assert (body["max_tokens"], body["thinking"], body.get("output_config")) == (9_000, {"type": "adaptive"}, sent)


async def test_a_listing_of_names_only_is_completed_by_the_familys_profile(
    recorded_http: Record,
) -> None:
    transport = recorded_http(
        Exchange(listing({"id": "claude-opus-4-1-20250805"}, {"id": "claude-2.1", "lifecycle": "retired"}))
    )
    [info] = await anthropic(transport).models()
    assert info == ModelInfo(
        "claude-opus-4-1-20250805",
        frozenset(Capability) - LACKING,
        200_000,
        32_000,
        price_vendor="anthropic",
    )


async def test_all_pages_of_a_listing_are_read(recorded_http: Record) -> None:
    def after(name: str) -> Callable[[HttpRequest], bool]:
        return lambda request: request.url.endswith(f"&after_id={name}")

    transport = recorded_http(
        Exchange(listing({"id": "c"}, has_more=False, last_id="c"), when=after("b%2F1")),
        Exchange(listing({"id": "b/1"}, has_more=True, last_id="b/1"), when=after("a")),
        Exchange(listing({"id": "a"}, has_more=True, last_id="a")),
    )
    assert [model.name for model in await anthropic(transport).models()] == ["a", "b/1", "c"]


async def test_an_endpoint_that_repeats_its_first_page_is_not_asked_for_ever(recorded_http: Record) -> None:
    transport = recorded_http(Exchange(listing({"id": "a"}, has_more=True, last_id="a")))
    assert [model.name for model in await anthropic(transport).models()] == ["a"]
    assert len(transport.requests) == 2


async def test_configured_models_are_offered_without_asking(recorded_http: Record) -> None:
    models = {
        "claude-opus-4-1": ModelSettings(),
        "house-model": ModelSettings(context_window=8_000, capabilities=frozenset({Capability.IMAGE_INPUT})),
    }
    known, own = await anthropic(recorded_http(), models=models).models()
    assert (known.name, known.max_output_tokens) == ("claude-opus-4-1", 32_000)
    assert (own.context_window, own.capabilities) == (8_000, frozenset({Capability.IMAGE_INPUT}))
    assert own.unknown == frozenset()


@pytest.mark.parametrize("body", [b"{}", b"[]", b"no", b'{"data": 7}', b'{"data": [7]}', b'{"data": [{"id": 7}]}'])
async def test_what_is_not_a_listing_is_malformed(recorded_http: Record, body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        await anthropic(recorded_http(Exchange(body))).models()


async def test_a_refused_listing_has_its_meaning(recorded_http: Record) -> None:
    body = b'{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'
    with pytest.raises(AuthenticationFailed, match="invalid x-api-key"):
        await anthropic(recorded_http(Exchange(body, 401))).models()


@pytest.mark.parametrize("body", [b"{}", b'{"input_tokens": "many"}', b"null", b""])
async def test_what_is_not_a_count_is_malformed(recorded_http: Record, body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        await count_of(anthropic(recorded_http(Exchange(body))), "claude-x", Prompt((user("Hi"),)))

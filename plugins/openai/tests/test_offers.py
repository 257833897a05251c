"""Which providers the settings and the environment give."""

import json
from typing import Any

import genai_prices.data
import orjson
import pytest
from pydantic import ValidationError
from ymera_openai import ymera_describe, ymera_register_providers
from ymera_openai.embeddings import NO_PURPOSE
from ymera_openai.local import LOCAL_SERVERS
from ymera_openai.offers import providers
from ymera_openai.provider import OpenAiProvider
from ymera_openai.settings import OpenAiSettings
from ymera_openai.vendors import VENDORS

from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed, InvalidProviderRequest
from ymera_service.sdk.generation import GenerateRequest, Prompt, Sampling, Tool, Usage
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability, Kind, ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Target
from ymera_service.sdk.testing.answers import context_of, count_of, generate
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport
from ymera_service.sdk.work import (
    EmbedPurpose,
    EmbedRequest,
    ModerateRequest,
    Moderations,
    Ranked,
    Ranking,
    RerankRequest,
    Verdict,
)

LOCAL = [server.name for server in LOCAL_SERVERS]


def offered(environ: dict[str, str] | None = None, **settings: Any) -> dict[str, Provider]:
    found = list(providers(OpenAiSettings.model_validate(settings), environ or {}, RecordedTransport()))
    assert len({provider.name for provider in found}) == len(found)
    return {provider.name: provider for provider in found}


def http(provider: Provider) -> OpenAiProvider:
    assert isinstance(provider, OpenAiProvider)
    return provider


def test_without_keys_only_local_servers_are_looked_for() -> None:
    assert list(offered()) == LOCAL
    assert list(offered(discover_local=False)) == []


@pytest.mark.parametrize(
    "vendor",
    [each for each in VENDORS.values() if each.base_url and not each.account_variable],
    ids=lambda vendor: vendor.name,
)
def test_a_key_in_the_environment_is_enough(vendor: Any) -> None:
    for variable in vendor.key_variables:
        found = http(offered({variable: " secret "}, discover_local=False)[vendor.name])
        assert found.endpoint.base_url == vendor.base_url
        assert found.endpoint.accounts[""] == {"authorization": "Bearer secret"}
        assert "secret" not in repr(found.endpoint)


def test_the_error_of_ollama_configured_here_says_where_it_belongs() -> None:
    with pytest.raises(ValidationError, match=r"in \[plugins\.ollama\]"):
        OpenAiSettings.model_validate({"vendors": {"ollama": {"base_url": "http://127.0.0.1:11434"}}})


async def test_each_of_several_keys_makes_a_target_that_pays_with_it() -> None:
    table = {"api_keys": {"team-a": "first", "team-b": "second"}, "models": ["gpt-5"]}
    provider = http(offered(vendors={"openai": table}, discover_local=False)["openai"])
    [info] = await provider.models()
    assert [deployment.account for deployment in info.deployments] == ["team-a", "team-b"]
    for deployment, key in zip(info.deployments, ("first", "second"), strict=True):
        target = Target("openai", "openai/gpt-5", deployment)
        sent = await provider.authorize(HttpRequest("POST", "/chat/completions"), CallContext("id", target, 0.0))
        assert sent.headers["authorization"] == f"Bearer {key}"


def test_an_empty_key_is_none() -> None:
    assert offered({"GROQ_API_KEY": " "}, discover_local=False) == {}


def test_azure_takes_the_address_of_the_resource() -> None:
    environ = {"AZURE_OPENAI_API_KEY": "secret", "AZURE_OPENAI_ENDPOINT": "https://acme.openai.azure.com/"}
    azure = http(offered(environ, discover_local=False)["azure"])
    assert azure.endpoint.base_url == "https://acme.openai.azure.com/openai/v1"
    assert azure.endpoint.accounts[""] == {"api-key": "secret"}
    assert offered({"AZURE_OPENAI_API_KEY": "secret"}, discover_local=False) == {}


async def listed(environ: dict[str, str], vendor: str, body: object, **settings: Any) -> tuple[str, list[ModelInfo]]:
    """Returns the address at which a vendor's models are listed, and what is made of this answer."""
    transport = RecordedTransport(Exchange(json.dumps(body).encode()))
    table = OpenAiSettings.model_validate({"discover_local": False, **settings})
    (found,) = [each for each in providers(table, environ, transport) if each.name == vendor]
    models = list(await found.models())
    return transport.requests[0].url, models


async def test_cloudflare_has_an_address_for_each_account_and_a_listing_in_its_form() -> None:
    entries = [
        {
            "name": "@cf/meta/llama-3.3-70b-instruct-fp8-fast",
            "task": {"name": "Text Generation"},
            "properties": [
                {"property_id": "context_window", "value": "24000"},
                {"property_id": "function_calling", "value": "true"},
                {"property_id": "vision", "value": "false"},
            ],
        },
        {"name": "@cf/baai/bge-m3", "task": {"name": "Text Embeddings"}},
        {"name": "@cf/black-forest-labs/flux", "task": {"name": "Text-to-Image"}, "properties": [{"value": []}]},
    ]
    environ = {"CLOUDFLARE_API_KEY": "secret", "CLOUDFLARE_ACCOUNT_ID": "acme"}
    url, models = await listed(environ, "cloudflare", {"success": True, "result": entries})
    root = "https://api.cloudflare.com/client/v4/accounts/acme/ai"
    assert http(offered(environ)["cloudflare"]).endpoint.base_url == f"{root}/v1"
    assert url.startswith(f"{root}/models/search")
    assert [(each.name, each.kind, each.context_window) for each in models] == [
        ("@cf/meta/llama-3.3-70b-instruct-fp8-fast", Kind.GENERATE, 24_000),
        ("@cf/baai/bge-m3", Kind.EMBED, 0),
        ("@cf/black-forest-labs/flux", Kind.OTHER, 0),
    ]
    assert models[0].capabilities == {Capability.TOOLS}
    assert Capability.IMAGE_INPUT not in models[0].unknown
    assert "cloudflare" not in offered({"CLOUDFLARE_API_KEY": "secret"}, discover_local=False)


async def test_githubs_models_are_in_its_catalogue() -> None:
    entry = {
        "id": "openai/gpt-4.1",
        "capabilities": ["streaming", "tool-calling"],
        "limits": {"max_input_tokens": 1048576, "max_output_tokens": 32768},
        "supported_input_modalities": ["text", "image", "audio"],
        "supported_output_modalities": ["text"],
    }
    embeds = {"id": "openai/text-3", "supported_output_modalities": ["embeddings"]}
    url, (model, other) = await listed({"GITHUB_TOKEN": "secret"}, "github", [entry, embeds])
    assert url == "https://models.github.ai/catalog/models"
    assert (model.context_window, model.max_output_tokens) == (1_048_576, 32_768)
    stated = {Capability.TOOLS, Capability.IMAGE_INPUT, Capability.AUDIO_INPUT}
    assert stated | {Capability.STRUCTURED_OUTPUT} <= model.capabilities
    assert other.kind is Kind.EMBED
    proxied = {"github": {"base_url": "https://proxy.test/v1", "api_key": "mine"}}
    url, _ = await listed({}, "github", [entry], vendors=proxied)
    assert url == "https://proxy.test/v1/models"


def test_openais_address_may_be_another() -> None:
    environ = {"OPENAI_API_KEY": "secret", "OPENAI_BASE_URL": "https://proxy.test/v1"}
    assert http(offered(environ)["openai"]).endpoint.base_url == "https://proxy.test/v1"


def test_settings_go_before_the_environment() -> None:
    table = {"api_key": "mine", "base_url": "https://proxy.test/groq"}
    groq = http(offered({"GROQ_API_KEY": "theirs"}, vendors={"groq": table})["groq"])
    assert groq.endpoint.accounts[""] == {"authorization": "Bearer mine"}
    assert groq.endpoint.base_url == "https://proxy.test/groq"


def test_a_vendor_can_be_switched_off() -> None:
    off = {"groq": {"enabled": False}, "vllm": {"enabled": False}}
    assert list(offered({"GROQ_API_KEY": "key"}, vendors=off)) == [name for name in LOCAL if name != "vllm"]


@pytest.mark.parametrize(
    ("environ", "vendor", "missing"),
    [
        ({}, "groq", "GROQ_API_KEY"),
        ({}, "huggingface", "HF_TOKEN or HUGGINGFACE_API_KEY"),
        ({"AZURE_OPENAI_API_KEY": "key"}, "azure", "AZURE_OPENAI_ENDPOINT"),
        ({"CLOUDFLARE_API_KEY": "key"}, "cloudflare", "CLOUDFLARE_ACCOUNT_ID"),
    ],
)
async def test_a_configured_vendor_that_lacks_something_says_what(
    environ: dict[str, str], vendor: str, missing: str
) -> None:
    found = offered(environ, vendors={vendor: {}})[vendor]
    with pytest.raises(AuthenticationFailed, match=missing):
        await found.models()
    with pytest.raises(AuthenticationFailed, match=missing):
        await anext(generate(found, GenerateRequest("m", Prompt((user("Hello"),)))))


async def test_models_named_in_the_settings_are_offered_unasked() -> None:
    groq = offered({"GROQ_API_KEY": "key"}, vendors={"groq": {"models": ["openai/gpt-oss-20b"]}})["groq"]
    (model,) = await groq.models()
    assert (model.name, model.context_window, model.price_vendor) == ("openai/gpt-oss-20b", 131_072, "groq")


async def test_an_endpoint_of_ones_own_is_a_provider() -> None:
    table = {"base_url": "http://gpu.test/v1", "models": ["llama-3.3-70b"], "local": True, "json_schema": False}
    acme = http(offered(endpoints={"acme": table})["acme"])
    (model,) = await acme.models()
    assert acme.endpoint.headers == {}
    assert (model.local, model.price) == (True, Price(0, 0, source="local"))


@pytest.mark.parametrize(
    ("dialect", "path"),
    [("chat_completions", "/chat/completions"), ("responses", "/responses"), ("completions", "/completions")],
)
def test_an_endpoint_speaks_the_dialect_it_was_given(dialect: str, path: str) -> None:
    acme = http(offered(endpoints={"acme": {"base_url": "http://acme.test", "dialect": dialect}})["acme"])
    assert acme.dialect.encode(GenerateRequest("m", Prompt((user("Hello"),)))).url == path


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gpt-4o", "/chat/completions"),
        ("gpt-5", "/chat/completions"),
        ("gpt-5.2", "/chat/completions"),
        ("gpt-5-chat-latest", "/chat/completions"),
        ("gpt-5-pro", "/responses"),
        ("gpt-5.2-pro-2025-12-11", "/responses"),
        ("gpt-5.1-codex-mini", "/responses"),
        ("o3-deep-research", "/responses"),
        ("o1-pro", "/responses"),
        ("o3-mini", "/chat/completions"),
        ("gpt-3.5-turbo", "/chat/completions"),
        ("gpt-3.5-turbo-instruct", "/completions"),
    ],
)
def test_openais_models_are_asked_by_the_api_that_offers_them(model: str, path: str) -> None:
    openai = http(offered({"OPENAI_API_KEY": "key"})["openai"])
    assert openai.dialect.encode(GenerateRequest(model, Prompt((user("Hello"),)))).url == path


@pytest.mark.parametrize(
    "settings",
    [
        {"vendors": {"grok": {}}},
        {"vendors": {"groq": {"key": "x"}}},
        {"vendors": {"groq": {"base_url": "groq.test"}}},
        {"endpoints": {"groq": {"base_url": "http://acme.test"}}},
        {"endpoints": {"Acme Inc": {"base_url": "http://acme.test"}}},
        {"endpoints": {"acme": {}}},
        {"endpoints": {"acme": {"base_url": "http://acme.test", "dialect": "telepathy"}}},
        {"discover": False},
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OpenAiSettings.model_validate(settings)


def test_prices_are_looked_up_under_names_that_exist() -> None:
    known = {provider.id for provider in genai_prices.data.providers}
    assert {vendor.price_vendor for vendor in VENDORS.values()} - {""} <= known


def test_the_hooks_offer_the_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "key")
    settings = ymera_describe().settings()
    assert isinstance(settings, OpenAiSettings)
    names = [provider.name for provider in ymera_register_providers(settings, RecordedTransport(), None)]
    assert "groq" in names


async def test_embedding_and_moderation_are_asked_at_their_addresses() -> None:
    vectors = Exchange(b'{"data":[{"embedding":[1,2]}],"usage":{"prompt_tokens":3}}', path="/embeddings")
    verdict = Exchange(b'{"results":[{"flagged":true}]}', path="/moderations")
    transport = RecordedTransport(vectors, verdict)
    (openai,) = providers(OpenAiSettings(discover_local=False), {"OPENAI_API_KEY": "key"}, transport)
    request = EmbedRequest("text-embedding-3-small", ("a",), 2, EmbedPurpose.QUERY)
    embedded = await openai.embed(request, context_of(openai, request))
    assert (embedded.vectors, embedded.usage) == (((1.0, 2.0),), Usage(3))
    assert embedded.adaptations == (NO_PURPOSE,)
    sent = orjson.loads(transport.requests[0].body)
    assert sent == {"model": request.model, "input": ["a"], "dimensions": 2, "encoding_format": "base64"}
    assert transport.requests[0].headers["authorization"] == "Bearer key"
    judged = ModerateRequest("omni-moderation-latest", ("a",))
    assert await openai.moderate(judged, context_of(openai, judged)) == Moderations((Verdict(True),))
    assert orjson.loads(transport.requests[1].body) == {"model": judged.model, "input": ["a"]}


@pytest.mark.parametrize(
    ("vendor", "kinds"),
    [
        ("OPENAI_API_KEY", (Kind.EMBED, Kind.MODERATE, Kind.OTHER)),
        ("MISTRAL_API_KEY", (Kind.EMBED, Kind.MODERATE, Kind.OTHER)),
        ("GROQ_API_KEY", (Kind.EMBED, Kind.OTHER, Kind.OTHER)),
        ("OPENROUTER_API_KEY", (Kind.EMBED, Kind.OTHER, Kind.RERANK)),
    ],
)
async def test_models_are_for_work_that_their_vendors_api_offers(vendor: str, kinds: tuple[Kind, ...]) -> None:
    names = [{"id": name} for name in ("text-embedding-3-small", "omni-moderation-latest", "rerank-1")]
    listing = Exchange(orjson.dumps({"data": names}), path="/models")
    (provider,) = providers(OpenAiSettings(discover_local=False), {vendor: "key"}, RecordedTransport(listing))
    models = await provider.models()
    assert tuple(model.kind for model in models) == kinds
    free = [model.price for model in models if model.kind is Kind.MODERATE and vendor == "OPENAI_API_KEY"]
    assert all(price == Price(0, 0) for price in free)


async def test_openai_counts_the_tokens_of_prompts_and_others_do_not() -> None:
    counted = Exchange(b'{"object":"response.input_tokens","input_tokens":11}', path="/responses/input_tokens")
    transport = RecordedTransport(counted)
    found = providers(OpenAiSettings(discover_local=False), {"OPENAI_API_KEY": "k", "GROQ_API_KEY": "k"}, transport)
    openai, groq = found
    prompt = Prompt((user("Tell me a joke."),), tools=(Tool("look", "Looks."),), sampling=Sampling(temperature=1))
    assert await count_of(openai, "gpt-5", prompt) == 11
    sent = orjson.loads(transport.requests[0].body)
    assert sent.keys() == {"model", "input", "tools"}
    assert (sent["model"], sent["input"][0]["role"], sent["tools"][0]["name"]) == ("gpt-5", "user", "look")
    with pytest.raises(InvalidProviderRequest):
        await count_of(groq, "llama-3.3-70b", prompt)


async def test_a_ranking_is_asked_for_at_its_address() -> None:
    ranked = Exchange(b'{"results":[{"index":1,"relevance_score":0.5}]}', path="/v1/rerank")
    transport = RecordedTransport(ranked)
    found = providers(OpenAiSettings(discover_local=True), {}, transport)
    vllm = next(provider for provider in found if provider.name == "vllm")
    request = RerankRequest("bge-reranker", "q", ("a", "b"), 1)
    assert await vllm.rerank(request, context_of(vllm, request)) == Ranking((Ranked(1, 0.5),))
    assert orjson.loads(transport.requests[0].body)["top_n"] == 1


async def test_openai_states_how_much_a_request_takes() -> None:
    listing = Exchange(b'{"data":[{"id":"text-embedding-3-small"},{"id":"omni-moderation-latest"}]}', path="/models")
    (openai,) = providers(OpenAiSettings(discover_local=False), {"OPENAI_API_KEY": "key"}, RecordedTransport(listing))
    assert [(model.max_batch_inputs, model.max_batch_tokens) for model in await openai.models()] == [
        (2048, 300_000),
        (32, 0),
    ]


def test_an_admin_key_is_for_vendors_whose_bills_can_be_asked_for() -> None:
    with pytest.raises(ValidationError, match="groq: an admin_key is of use for openai, openrouter only"):
        offered(vendors={"groq": {"api_key": "k", "admin_key": "a"}})

"""What listings state of models."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_openai.listing import HOSTED, RERANKS, Offer, decode_models, kind_of
from ymera_openai.vendors import VENDORS

from ymera_service.sdk.errors import AuthenticationFailed, MalformedResponse
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.models import Capability, Kind, ModelInfo, Price, RequestLimits, Tier

WIRE = Path(__file__).parents[4] / "shared" / "wire"
TOOLS, SCHEMA, IMAGES = Capability.TOOLS, Capability.STRUCTURED_OUTPUT, Capability.IMAGE_INPUT
AUDIO, FILES, REASONING = Capability.AUDIO_INPUT, Capability.FILE_INPUT, Capability.REASONING

VIDEO = Capability.VIDEO_INPUT
LOGPROBS = Capability.LOGPROBS


def recorded(vendor: str) -> dict[str, ModelInfo]:
    found = list(WIRE.glob(f"{vendor}/{vendor}.models.*.json"))
    if not found:
        pytest.skip("the recorded exchanges are not beside this checkout")
    body = json.loads(found[0].read_bytes())["response"]["body_text"].encode()
    entries = decode_models(HttpResponse(200, {}, body))
    works = VENDORS[vendor].works if vendor in VENDORS else RERANKS
    return {str(entry["id"]): Offer(vendor, works=works).described(entry) for entry in entries}


def generating(vendor: str) -> dict[str, ModelInfo]:
    return {name: info for name, info in recorded(vendor).items() if info.kind is Kind.GENERATE}


def test_openais_listing_says_what_generates_text_and_what_else_a_model_is_for() -> None:
    models = generating("openai")
    assert {"gpt-4o", "gpt-5", "gpt-5-pro", "o3", "o4-mini", "gpt-3.5-turbo-instruct", "gpt-4o-search-preview"} <= set(
        models
    )
    others = ("embedding", "whisper", "tts", "image", "realtime", "sora", "moderation", "transcribe", "002")
    assert [name for name in models if any(word in name for word in others)] == []
    listening = {name for name in models if "audio" in name}
    assert all(AUDIO in models[name].capabilities for name in listening)
    kinds = {name: info.kind for name, info in recorded("openai").items()}
    assert kinds["text-embedding-3-small"] is Kind.EMBED
    assert kinds["omni-moderation-latest"] is Kind.MODERATE
    assert kinds["tts-1"] is Kind.OTHER
    assert models["gpt-5-mini"].context_window == 400_000
    assert REASONING in models["gpt-5-mini"].capabilities
    assert REASONING not in models["gpt-5-chat-latest"].capabilities


def test_openrouter_states_capabilities_and_price() -> None:
    models = recorded("openrouter")
    sonnet = models["anthropic/claude-sonnet-4"]
    assert sonnet.capabilities == {TOOLS, IMAGES, FILES, REASONING}
    assert (sonnet.context_window, sonnet.max_output_tokens) == (1_000_000, 64_000)
    long = Tier(6_000_000, 22_500_000, 600_000, 7_500_000, above_input_tokens=200_000)
    assert sonnet.price == Price(3_000_000, 15_000_000, 300_000, 3_750_000, tiers=(long,))
    assert all(model.price is None or model.price.input >= 0 for model in models.values())


def test_groq_states_kinds_and_price() -> None:
    models = generating("groq")
    assert {"whisper-large-v3", "canopylabs/orpheus-v1-english", "meta-llama/llama-prompt-guard-2-86m"}.isdisjoint(
        models
    )
    qwen = models["qwen/qwen3.6-27b"]
    assert qwen.capabilities == {TOOLS, IMAGES, REASONING}
    assert (qwen.context_window, qwen.max_output_tokens) == (131_072, 16_384)
    assert qwen.price == Price(600_000, 3_000_000, 300_000)


def test_mistral_states_capabilities() -> None:
    models = generating("mistral")
    assert not [name for name in models if any(word in name for word in ("embed", "ocr", "moderation", "tts"))]
    assert models["mistral-medium-2505"].capabilities == {TOOLS, SCHEMA, IMAGES}
    assert models["mistral-medium-2505"].context_window == 131_072


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            {
                "id": "Qwen/Qwen2.5-7B",
                "type": "chat",
                "context_length": 32768,
                "pricing": {"input": 0.3, "output": 0.6},
            },
            ModelInfo("Qwen/Qwen2.5-7B", frozenset({TOOLS}), 32768, 0, Price(300_000, 600_000)),
        ),
        (
            {
                "id": "venice-1",
                "type": "text",
                "model_spec": {
                    "availableContextTokens": 131072,
                    "capabilities": {
                        "supportsFunctionCalling": True,
                        "supportsVision": False,
                        "supportsReasoning": True,
                    },
                    "pricing": {"input": {"usd": 0.5}, "output": {"usd": 2}},
                },
            },
            ModelInfo("venice-1", frozenset({TOOLS, REASONING}), 131072, 0, Price(500_000, 2_000_000)),
        ),
        (
            {"id": "a/b", "providers": [{"context_length": 8192, "supports_tools": False}, {"supports_tools": True}]},
            ModelInfo("a/b", frozenset({TOOLS}), 8192),
        ),
        (
            {"id": "kimi-k9", "context_length": 262144, "supports_image_in": True, "supports_reasoning": True},
            ModelInfo("kimi-k9", frozenset({TOOLS, SCHEMA, IMAGES, REASONING}), 262144),
        ),
        (
            {"id": "gpt-4o", "architecture": {"input_modalities": ["text"]}},
            ModelInfo("gpt-4o", frozenset({TOOLS, SCHEMA, LOGPROBS}), 128_000, 16_384),
        ),
        (
            {
                "id": "a/long",
                "pricing": {
                    "prompt": "0.000001",
                    "completion": "0.000002",
                    "request": "0.005",
                    "overrides": [
                        {"min_prompt_tokens": 256_000, "completion": "0.000008"},
                        {"min_prompt_tokens": 128_000, "prompt": "0.000003"},
                        {"utc_start": "16:30", "min_prompt_tokens": 9, "prompt": "0"},
                        {"utc_start": "16:30", "prompt": "0"},
                    ],
                },
            },
            ModelInfo(
                "a/long",
                price=Price(
                    1_000_000,
                    2_000_000,
                    per_request=5_000,
                    tiers=(
                        Tier(3_000_000, 2_000_000, above_input_tokens=128_000),
                        Tier(3_000_000, 8_000_000, above_input_tokens=256_000),
                    ),
                ),
            ),
        ),
        ({"id": "fee", "pricing": {"prompt": "1", "completion": "1", "request": "-1"}}, ModelInfo("fee")),
        ({"id": "auto", "pricing": {"prompt": "-1", "completion": "-1"}}, ModelInfo("auto")),
        ({"id": "odd", "pricing": {"prompt": "free", "completion": None}, "context_length": "long"}, ModelInfo("odd")),
    ],
)
def test_every_vendors_words_are_understood(entry: dict[str, Any], expected: ModelInfo) -> None:
    described = Offer().described(entry)
    assert replace(described, unknown=frozenset(), assumed=frozenset()) == expected
    assert not described.unknown & described.capabilities


@pytest.mark.parametrize(
    ("offer", "entry", "has", "lacks"),
    [
        (Offer(), {"id": "never-heard-of"}, set(), set()),
        (Offer(), {"id": "gpt-3.5-turbo"}, {TOOLS, LOGPROBS}, {IMAGES, AUDIO, VIDEO, REASONING}),
        (Offer(), {"id": "llama-3.3-70b-versatile"}, {TOOLS}, {REASONING}),
        (
            Offer(),
            {
                "id": "llama-3.3-70b-versatile",
                "supported_features": ["tools", "json_mode"],
                "input_modalities": ["text"],
            },
            {TOOLS},
            {IMAGES, AUDIO, VIDEO, REASONING},
        ),
        (
            Offer(),
            {"id": "mistral-small-latest", "capabilities": {"function_calling": True, "vision": True, "audio": False}},
            {TOOLS, SCHEMA, IMAGES},
            {AUDIO},
        ),
        (Offer(partial=frozenset({SCHEMA})), {"id": "gpt-4o"}, {TOOLS, IMAGES, FILES, LOGPROBS}, {REASONING}),
        (
            Offer(lacks=frozenset({TOOLS})),
            {"id": "gpt-4o", "tools": True},
            {SCHEMA, IMAGES, FILES, LOGPROBS},
            {TOOLS, REASONING},
        ),
        (Offer(has=frozenset({SCHEMA})), {"id": "x", "vision": False}, {SCHEMA}, {IMAGES}),
    ],
)
def test_what_neither_listing_nor_family_states_is_not_known(
    offer: Offer, entry: dict[str, Any], has: set[Capability], lacks: set[Capability]
) -> None:
    model = offer.described(entry)
    assert set(model.capabilities) == has
    assert set(Capability) - model.capabilities - model.unknown == lacks | HOSTED


def test_tools_of_the_vendor_depend_on_vendor_and_model() -> None:
    assert set(Offer(hosted=True).described({"id": "gpt-5"}).capabilities) >= HOSTED
    assert Offer(hosted=True).described({"id": "never-heard-of"}).unknown >= HOSTED
    assert not Offer(hosted=True).described({"id": "gpt-4"}).unknown & HOSTED
    searching = Offer(has=frozenset({Capability.WEB_SEARCH})).described({"id": "gpt-5"})
    assert searching.capabilities & HOSTED == {Capability.WEB_SEARCH}


def test_a_model_that_the_user_names_answers_prompts_whatever_its_name_suggests() -> None:
    moderates = Offer(works=frozenset({Kind.EMBED, Kind.MODERATE}))
    assert moderates.described({"id": "omni-moderation-latest"}).kind is Kind.MODERATE
    assert Offer().described({"id": "meta-llama/llama-guard-4-12b"}).kind is Kind.OTHER
    assert Offer().named("meta-llama/llama-guard-4-12b").kind is Kind.GENERATE
    assert Offer().named("text-embedding-3-small").kind is Kind.EMBED


@pytest.mark.parametrize("name", ["gpt-4o-audio-preview", "gpt-4o-mini-audio-preview-2024-12-17", "gpt-audio-mini"])
def test_models_that_listen_answer_prompts(name: str) -> None:
    model = Offer().described({"id": name})
    assert model.kind is Kind.GENERATE
    assert AUDIO in model.capabilities


def test_what_a_vendor_lacks_goes_before_what_a_model_can() -> None:
    assert Offer(lacks=frozenset({TOOLS, SCHEMA})).named("gpt-4o").capabilities == {IMAGES, FILES, LOGPROBS}


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "text-embedding-3-small"},
        {"id": "BAAI/bge-m3", "type": "embedding"},
        {"id": "bge-m3"},
        {"id": "flux", "type": "image"},
        {"id": "a", "output_modalities": ["speech"]},
        {"id": "a", "architecture": {"output_modalities": ["image"]}},
        {"id": "mistral-ocr-latest"},
        {"id": "a", "capabilities": {"completion_chat": False}},
        {"id": "a", "active": False},
        {"id": "gpt-4o-mini-tts"},
        {"id": "tts-1"},
        {"id": "gpt-image-1"},
    ],
)
def test_what_writes_no_text_is_left_out(entry: dict[str, Any]) -> None:
    assert kind_of(entry) is not Kind.GENERATE


@pytest.mark.parametrize(
    "name", ["llama-3.3-70b", "claude-opus-4", "gpt-5", "qwen3-vl", "deepseek-v4-pro", "text-bison"]
)
def test_what_writes_text_is_kept(name: str) -> None:
    assert kind_of({"id": name}) is Kind.GENERATE


def test_togethers_listing_is_a_bare_list() -> None:
    assert decode_models(HttpResponse(200, {}, b'[{"id":"a"},{"name":"b"},7]')) == [{"id": "a"}]


def test_an_error_instead_of_a_listing_is_raised() -> None:
    with pytest.raises(AuthenticationFailed):
        decode_models(HttpResponse(200, {}, b'{"error":{"message":"Invalid API key","code":401}}'))


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"7", b'{"data":{}}', b'{"models":[]}'])
def test_what_is_not_a_listing_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        decode_models(HttpResponse(200, {}, body))


@given(
    st.dictionaries(
        st.sampled_from(
            ["id", "pricing", "architecture", "providers", "capabilities", "model_spec", "meta", "top_provider", "type"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["prompt", "completion", "input", "output", "n_ctx", "pricing", "input_modalities"]
                    ),
                    inner,
                )
            ),
            max_leaves=8,
        ),
    )
)
def test_no_entry_makes_reading_it_raise(entry: dict[str, Any]) -> None:
    kind_of(entry)
    assert Offer().described(entry).context_window >= 0


@pytest.mark.parametrize(
    ("entry", "deprecated", "retires"),
    [
        ({}, None, ""),
        ({"deprecation": None}, False, ""),
        ({"deprecation": "2026-08-31T12:00:00Z"}, True, "2026-08-31"),
        ({"expiration_date": "2026-12-31"}, True, "2026-12-31"),
        ({"expiration_date": "soon"}, False, ""),
        ({"deprecated": True}, True, ""),
        ({"deprecated": False}, False, ""),
        ({"deprecated": "yes"}, None, ""),
    ],
)
def test_the_end_of_a_model_is_read_as_vendors_announce_it(
    entry: dict[str, Any], deprecated: bool | None, retires: str
) -> None:
    described = Offer().described({"id": "m", **entry})
    assert (described.deprecated, described.retires) == (deprecated, retires)


def test_limits_of_requests_are_those_of_free_models_and_of_githubs_tiers() -> None:
    offer = Offer(free_limits=RequestLimits(20, 50))
    free, paid = ({"id": "m", "pricing": {"prompt": price, "completion": "0"}} for price in ("0", "0.1"))
    assert offer.described(free).limits == RequestLimits(20, 50)
    assert offer.described(paid).limits == RequestLimits()
    assert offer.described({"id": "unknown price"}).limits == RequestLimits()
    assert Offer().described({"id": "m", "rate_limit_tier": "high"}).limits == RequestLimits(10, 50)
    assert Offer().described({"id": "m", "rate_limit_tier": "custom"}).limits == RequestLimits()


def test_what_a_listing_states_is_not_assumed_and_what_the_family_implies_is() -> None:
    names_only = Offer().described({"id": "gpt-4o"})
    assert {"tools", "context_window", "max_output_tokens"} <= names_only.assumed
    stated = Offer().described({"id": "gpt-4o", "context_length": 5, "supported_parameters": ["tools"]})
    assert not {"tools", "context_window"} & stated.assumed
    assert "max_output_tokens" in stated.assumed
    lacking = Offer(lacks=frozenset({Capability.TOOLS})).described({"id": "gpt-4o"})
    assert "tools" not in lacking.assumed

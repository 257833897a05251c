"""How thinking is asked for, and read where it is marked in the text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_openai.efforts import accepted, nearest
from ymera_openai.offers import providers
from ymera_openai.settings import OpenAiSettings
from ymera_openai.think_tags import ThinkTags

from ymera_service.sdk.content import Message, Reasoning, Role, Text, user
from ymera_service.sdk.events import Finished, ReasoningDelta, TextDelta
from ymera_service.sdk.generation import GenerateRequest, Prompt, ReasoningEffort, Sampling
from ymera_service.sdk.http import HttpProvider
from ymera_service.sdk.testing.recorded import RecordedTransport

NONE, LOW, MEDIUM, HIGH = (ReasoningEffort(each) for each in ("none", "low", "medium", "high"))
HELLO = (user("Hello"),)


def endpoint(**table: Any) -> HttpProvider:
    settings = OpenAiSettings.model_validate({"endpoints": {"acme": {"base_url": "http://acme.test", **table}}})
    found = {each.name: each for each in providers(settings, {}, RecordedTransport())}["acme"]
    assert isinstance(found, HttpProvider)
    return found


def sent(model: str, effort: ReasoningEffort, **table: Any) -> dict[str, Any]:
    """Returns what a request says beside its prompt."""
    prompt = Prompt(HELLO, sampling=Sampling(reasoning_effort=effort))
    body = json.loads(endpoint(**table).dialect.encode(GenerateRequest(model, prompt, stream=False)).body)
    return {name: value for name, value in body.items() if name not in ("model", "messages")}


@pytest.mark.parametrize(
    ("vendor", "model", "values"),
    [
        ("mistral", "mistral-small-2603", ("none", "high")),
        ("mistral", "magistral-medium-latest", ()),
        ("mistral", "mistral-small-2506", ()),
        ("openai", "o4-mini-2025-04-16", ("low", "medium", "high")),
        ("openai", "gpt-4o", ()),
        ("openai", "ft:gpt-5-mini:acme", ("minimal", "low", "medium", "high")),
        ("ollama", "gemma3:12b", ()),
        ("another", "openai/gpt-oss-120b", ("low", "medium", "high")),
        ("openrouter", "deepseek/deepseek-v4-pro:free", accepted("openrouter", "deepseek/deepseek-v4-pro")),
        ("openai", "never-heard-of", None),
    ],
)
def test_the_efforts_of_a_model_are_those_of_its_vendor_or_else_of_its_maker(
    vendor: str, model: str, values: tuple[str, ...] | None
) -> None:
    assert accepted(vendor, model) == values


@pytest.mark.parametrize(
    ("values", "asked", "effort"),
    [
        ("low medium high", NONE, "low"),
        ("none high", LOW, "high"),
        ("none high", NONE, "none"),
        ("low high", MEDIUM, "high"),
        ("high max", LOW, "high"),
        ("minimal low", HIGH, "low"),
        ("none", HIGH, None),
        ("toggle", HIGH, None),
        ("", NONE, None),
    ],
)
def test_the_nearest_effort_is_sent_and_thinking_is_never_disabled_unasked(
    values: str, asked: ReasoningEffort, effort: str | None
) -> None:
    assert nearest(values.split(), asked) == effort


@pytest.mark.parametrize(
    ("vendor", "model", "efforts"),
    [
        ("mistral", "mistral-small-latest", {NONE: {"reasoning_effort": "none"}, LOW: {"reasoning_effort": "high"}}),
        ("mistral", "magistral-small", {NONE: {}, HIGH: {}}),
        (
            "deepseek",
            "deepseek-v4-flash",
            {
                NONE: {"thinking": {"type": "disabled"}},
                LOW: {"reasoning_effort": "low"},
                MEDIUM: {"thinking": {"type": "enabled"}},
                HIGH: {"thinking": {"type": "enabled"}},
            },
        ),
        ("deepseek", "deepseek-reasoner", {NONE: {}, HIGH: {}}),
        ("xai", "grok-4", {HIGH: {}}),
        ("xai", "grok-3-mini", {MEDIUM: {"reasoning_effort": "high"}}),
        ("zai", "glm-5.2", {LOW: {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}}),
        ("zai", "glm-4.7", {LOW: {"thinking": {"type": "enabled"}}, NONE: {"thinking": {"type": "disabled"}}}),
        ("openrouter", "google/gemini-2.5-flash", {LOW: {"reasoning": {"effort": "low"}}}),
        ("openrouter", "openai/gpt-4o", {LOW: {}}),
        ("openrouter", "never-heard-of", {LOW: {"reasoning": {"effort": "low"}}}),
        ("cerebras", "zai-glm-4.7", {NONE: {"reasoning_effort": "none"}, HIGH: {}}),
    ],
)
def test_each_vendors_models_are_asked_for_what_they_accept(
    vendor: str, model: str, efforts: dict[ReasoningEffort, dict[str, Any]]
) -> None:
    assert {effort: sent(model, effort, like=vendor) for effort in efforts} == efforts


@pytest.mark.parametrize(
    ("field", "off"),
    [
        ("none", {}),
        ("reasoning_effort", {"reasoning_effort": "none"}),
        ("reasoning", {"reasoning": {"effort": "none"}}),
        ("thinking", {"thinking": {"type": "disabled"}}),
        ("enable_thinking", {"enable_thinking": False}),
        ("chat_template_kwargs", {"chat_template_kwargs": {"enable_thinking": False}}),
    ],
)
def test_an_endpoint_says_how_thinking_is_asked_for(field: str, off: dict[str, Any]) -> None:
    assert sent("house-model", NONE, thinking=field) == off
    assert sent("house-model", NONE, like="zai", thinking=field) == off


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_an_endpoint_says_where_thinking_is_sent_back(field: str) -> None:
    history = (*HELLO, Message(Role.ASSISTANT, (Reasoning("hm"), Text("a"))), *HELLO)
    request = GenerateRequest("house-model", Prompt(history), stream=False)
    message = json.loads(endpoint(thoughts=field).dialect.encode(request).body)["messages"][1]
    assert message == {"role": "assistant", "content": "a", field: "hm"}


def test_what_an_endpoint_states_goes_before_the_vendor_that_it_is_like() -> None:
    prompt = Prompt(HELLO, sampling=Sampling(max_output_tokens=5, seed=7))
    request = GenerateRequest("m", prompt, stream=False)
    like = json.loads(endpoint(like="mistral").dialect.encode(request).body)
    assert (like["max_tokens"], like["random_seed"]) == (5, 7)
    named = endpoint(like="mistral", max_tokens_field="max_completion_tokens")
    assert json.loads(named.dialect.encode(request).body)["max_completion_tokens"] == 5
    with pytest.raises(ValueError, match="unknown vendor nowhere"):
        endpoint(like="nowhere")


def test_thinking_in_tags_is_read_where_an_endpoint_says_so() -> None:
    choice = {"message": {"content": "<think>\nhm</think>\n\na"}, "finish_reason": "stop"}
    body, request = json.dumps({"choices": [choice]}).encode(), GenerateRequest("m", Prompt(HELLO))
    for thoughts, expected in (
        ("tags", [ReasoningDelta("hm"), TextDelta("a")]),
        (None, [TextDelta("<think>\nhm</think>\n\na")]),
    ):
        decoder = endpoint(thoughts=thoughts).dialect.decoder(request)
        found = [*decoder.feed(body), *decoder.close()]
        assert [item for item in found if not isinstance(item, Finished)] == expected


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("<think>a < b</think>c", "a < b", "c"),
        (" \n<think>\na</think>\n\n c ", "a", "c "),
        ("<think></think>c", "", "c"),
        ("<think>a</thin", "a</thin", ""),
        ("  plain", "", "  plain"),
        ("a <think>b</think>", "", "a <think>b</think>"),
        ("<thin", "", "<thin"),
        ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
    ],
)
@given(st.data())
def test_tags_are_found_however_the_text_is_cut(text: str, thought: str, answer: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, max(len(text) - 1, 1)), max_size=8)))
    tags = ThinkTags()
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    found = [item for piece in pieces if piece for item in tags.split(piece)] + tags.rest()
    assert "".join(item.text for item in found if isinstance(item, ReasoningDelta)) == thought
    assert "".join(item.text for item in found if isinstance(item, TextDelta)) == answer
    assert all(item.text for item in found)

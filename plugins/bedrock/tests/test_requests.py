"""How a prompt is encoded, and what is adapted."""

from typing import Any

import orjson
import pytest
from ymera_bedrock.dialect import ConverseDialect
from ymera_bedrock.signatures import sealed

from ymera_service.sdk.content import (
    CacheHint,
    Detail,
    Media,
    MediaKind,
    Message,
    Part,
    ProviderBlock,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
    user,
)
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    ProviderTool,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    ServiceTier,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.http import HttpRequest

from .aws_model import faults

HAIKU_3, SONNET_3_7 = "anthropic.claude-3-haiku-20240307-v1:0", "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
SONNET, OPUS = "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "global.anthropic.claude-opus-4-6-v1"
LATE, NEWEST = "us.anthropic.claude-opus-4-7-v1:0", "us.anthropic.claude-opus-5"
NOVA, NOVA_2 = "amazon.nova-lite-v1:0", "us.amazon.nova-2-lite-v1:0"
LLAMA, TITAN, GPT = "us.meta.llama4-scout-17b-instruct-v1:0", "amazon.titan-text-express-v1", "openai.gpt-oss-120b-1:0"
MISTRAL, UNKNOWN = "mistral.mistral-large-3-675b-instruct", "acme.novel-1"
ALL = (HAIKU_3, SONNET_3_7, SONNET, OPUS, LATE, NEWEST, NOVA, NOVA_2, LLAMA, TITAN, GPT, MISTRAL, UNKNOWN)

HELLO = (user("Hello"),)
TOOL = Tool("f", "Does it.", '{"type":"object","properties":{"a":{"type":"string"}}}', strict=True)
SCHEMA = ResponseFormat(ResponseType.JSON_SCHEMA, schema='{"type":"object","properties":{"a":{"type":"object"}}}')
CALL, RESULT = ToolCall("c1", "f", '{"a": "1"}'), ToolResult("c1", (Text("ok"),))
HISTORY = (*HELLO, Message(Role.ASSISTANT, (CALL,)), Message(Role.TOOL, (RESULT,)))
USUAL, HOUR = CacheHint(), CacheHint(3_600.0)
POINT, HOUR_POINT = {"cachePoint": {"type": "default"}}, {"cachePoint": {"type": "default", "ttl": "1h"}}


def encoded(model: str, prompt: Prompt, *, stream: bool = False) -> HttpRequest:
    return ConverseDialect().encode(GenerateRequest(model, prompt, stream))


def body(prompt: Prompt, model: str = SONNET) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(encoded(model, prompt).body)
    assert faults(read, "Converse", modelId=model) == ""
    return read


def adapted(prompt: Prompt, model: str = SONNET) -> list[str]:
    return [f"{one.kind} {one.field.removeprefix('prompt.')}" for one in encoded(model, prompt).adaptations]


def said(*parts: Part, role: Role = Role.USER) -> Prompt:
    return Prompt((Message(role, parts),))


def blocks(*parts: Part, role: Role = Role.USER, model: str = SONNET) -> list[Any]:
    turns = body(said(*parts, role=role), model)["messages"]
    return [block for turn in turns for block in turn["content"]]


# Addresses and messages.


def test_the_address_names_model_and_method() -> None:
    assert encoded(NOVA, Prompt(HELLO)).url == "/model/amazon.nova-lite-v1:0/converse"
    assert encoded(NOVA, Prompt(HELLO), stream=True).url == "/model/amazon.nova-lite-v1:0/converse-stream"
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x"
    assert encoded(arn, Prompt(HELLO)).url == f"/model/{arn.replace('/', '%2F')}/converse"


def test_a_plain_prompt_is_nothing_but_its_content() -> None:
    system = Message(Role.SYSTEM, (Text("Be brief."),))
    assert body(Prompt((system, *HELLO))) == {
        "system": [{"text": "Be brief."}],
        "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
    }


def test_turns_alternate_and_blank_texts_are_left_out() -> None:
    messages = (*HELLO, user(" "), user("again"), Message(Role.ASSISTANT, (Text(""), Refusal("No."))))
    assert body(Prompt(messages))["messages"] == [
        {"role": "user", "content": [{"text": "Hello"}, {"text": "again"}]},
        {"role": "assistant", "content": [{"text": "No."}]},
    ]


def test_results_of_tools_come_first_and_together() -> None:
    calls = Message(Role.ASSISTANT, (CALL, ToolCall("a|b" * 30, "g", "")))
    late = Message(Role.TOOL, (ToolResult("a|b" * 30, (Text("{}"),), is_error=True),))
    turns = body(Prompt((*HELLO, calls, user("Hurry"), Message(Role.TOOL, (RESULT,)), late)))["messages"]
    other = ("a_b" * 30)[-64:]
    assert turns[1]["content"] == [
        {"toolUse": {"toolUseId": "c1", "name": "f", "input": {"a": "1"}}},
        {"toolUse": {"toolUseId": other, "name": "g", "input": {}}},
    ]
    assert turns[2]["content"] == [
        {"toolResult": {"toolUseId": "c1", "content": [{"text": "ok"}]}},
        {"toolResult": {"toolUseId": other, "content": [{"text": "{}"}], "status": "error"}},
        {"text": "Hurry"},
    ]


def test_arguments_that_are_no_object_are_refused() -> None:
    with pytest.raises(InvalidProviderRequest, match="only JSON objects"):
        encoded(SONNET, said(ToolCall("c", "f", "[1]"), role=Role.ASSISTANT))


# Media.


def test_media_have_a_format_and_bytes_or_an_address_in_s3() -> None:
    assert blocks(
        Media(MediaKind.IMAGE, "image/jpg", b"\xff\xd8"),
        Media(MediaKind.IMAGE, uri="s3://bucket/a.PNG"),
        Media(MediaKind.VIDEO, "video/quicktime", b"mov"),
        Media(MediaKind.AUDIO, "audio/mpeg", b"mp3"),
        Media(MediaKind.FILE, "text/x-python; charset=utf-8", b"pass", filename="a.py"),
    ) == [
        {"image": {"format": "jpeg", "source": {"bytes": "/9g="}}},
        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a.PNG"}}}},
        {"video": {"format": "mov", "source": {"bytes": "bW92"}}},
        {"audio": {"format": "mp3", "source": {"bytes": "bXAz"}}},
        {"document": {"format": "txt", "source": {"bytes": "cGFzcw=="}, "name": "a"}},
    ]


def test_documents_get_names_that_the_api_accepts_and_no_two_the_same() -> None:
    names = ["Q3  report_(v2).pdf", "Q3 report (v2).pdf", "", "über.pdf", "x" * 300 + ".pdf"]
    prompt = said(*(Media(MediaKind.FILE, "application/pdf", b"%PDF", filename=name) for name in names))
    given = [block["document"]["name"] for block in body(prompt)["messages"][0]["content"]]
    assert given == ["Q3 report (v2)", "Q3 report (v2) (2)", "document", "ber", "x" * 190]
    assert adapted(prompt) == ["mapped messages.parts.filename"]
    assert adapted(said(Media(MediaKind.FILE, "application/pdf", b"%PDF", filename="a b.pdf"))) == []


@pytest.mark.parametrize(
    "media",
    [
        Media(MediaKind.IMAGE, "image/tiff", b"II"),
        Media(MediaKind.FILE, "application/zip", b"PK"),
        Media(MediaKind.IMAGE, "image/png", uri="https://a.example/b.png"),
        Media(MediaKind.FILE, "application/pdf", file_id="file-1", provider="bedrock"),
        Media(MediaKind.FILE, uri="s3://bucket/unnamed"),
    ],
)
def test_media_that_the_api_does_not_take_are_refused(media: Media) -> None:
    with pytest.raises(InvalidProviderRequest):
        encoded(SONNET, said(media))


def test_detail_is_dropped_and_a_result_holds_media() -> None:
    picture = Media(MediaKind.IMAGE, "image/png", b"\x89PNG", detail=Detail.LOW)
    assert adapted(said(picture)) == ["dropped messages.parts.detail"]
    [_, result] = body(Prompt((*HISTORY[:2], Message(Role.TOOL, (ToolResult("c1", (picture,)),)))))["messages"][1:]
    assert "image" in result["content"][0]["toolResult"]["content"][0]
    sound = ToolResult("c1", (Media(MediaKind.AUDIO, "audio/wav", b"RIFF"),))
    with pytest.raises(InvalidProviderRequest, match="audio"):
        encoded(SONNET, Prompt((*HISTORY[:2], Message(Role.TOOL, (sound,)))))


# Reasoning and blocks of the provider.


def test_reasoning_goes_back_to_claude_with_its_signature_and_to_no_other() -> None:
    parts = (Reasoning("Hm", b"sig"), Reasoning("", sealed("c2VhbA==")), Reasoning("unsigned"), Reasoning("", b"\xff"))
    assert blocks(*parts, Text("Hi"), role=Role.ASSISTANT) == [
        {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "c2VhbA=="}},
        {"text": "Hi"},
    ]
    assert blocks(*parts, Text("Hi"), role=Role.ASSISTANT, model=NOVA_2) == [{"text": "Hi"}]


def test_blocks_of_the_api_go_back_and_others_are_left_out() -> None:
    use = {"toolUse": {"toolUseId": "t", "name": "nova_grounding", "type": "server_tool_use", "input": {}}}
    mine, other = ProviderBlock("bedrock.converse", orjson.dumps(use)), ProviderBlock("anthropic.messages", b"{}")
    assert blocks(mine, Text("Hi"), role=Role.ASSISTANT) == [use, {"text": "Hi"}]
    prompt = said(other, Text("Hi"), role=Role.ASSISTANT)
    assert adapted(prompt) == ["dropped messages.parts.provider_block"]


# Tools.


def test_tools_are_sent_with_their_schemas() -> None:
    config = body(Prompt(HELLO, (TOOL, Tool("g"))))["toolConfig"]
    schema = orjson.loads(TOOL.parameters_schema)
    assert config == {
        "tools": [
            {"toolSpec": {"name": "f", "description": "Does it.", "inputSchema": {"json": schema}, "strict": True}},
            {"toolSpec": {"name": "g", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
        ]
    }
    assert adapted(Prompt(HELLO, (TOOL,)), HAIKU_3) == ["dropped tools.strict"]
    assert "strict" not in body(Prompt(HELLO, (TOOL,)), HAIKU_3)["toolConfig"]["tools"][0]["toolSpec"]


CHOICES = (Tool("f"), Tool("g"))


@pytest.mark.parametrize(
    ("model", "choice", "names", "sent", "warnings"),
    [
        (SONNET, ToolChoice(), "fg", None, []),
        (SONNET, ToolChoice(ToolChoiceMode.REQUIRED), "fg", {"any": {}}, []),
        (SONNET, ToolChoice(ToolChoiceMode.TOOL, "g"), "fg", {"tool": {"name": "g"}}, []),
        (SONNET, ToolChoice(allowed_tools=("g",)), "g", None, ["mapped tool_choice.allowed_tools"]),
        (SONNET, ToolChoice(parallel_tool_calls=False), "fg", None, []),
        (NOVA, ToolChoice(parallel_tool_calls=False), "fg", None, ["dropped tool_choice.parallel_tool_calls"]),
        (
            SONNET,
            ToolChoice(ToolChoiceMode.REQUIRED, parallel_tool_calls=False),
            "fg",
            {"any": {}},
            ["dropped tool_choice.parallel_tool_calls"],
        ),
        (MISTRAL, ToolChoice(ToolChoiceMode.TOOL, "g"), "g", {"any": {}}, ["mapped tool_choice.tool_name"]),
        (LLAMA, ToolChoice(ToolChoiceMode.TOOL, "g"), "g", None, ["mapped tool_choice.tool_name"]),
        (LLAMA, ToolChoice(ToolChoiceMode.REQUIRED), "fg", None, ["dropped tool_choice.mode"]),
    ],
)
def test_the_choice_among_tools_is_sent_as_the_model_accepts_it(
    model: str, choice: ToolChoice, names: str, sent: Any, warnings: list[str]
) -> None:
    prompt = Prompt(HELLO, CHOICES, choice)
    config = body(prompt, model)["toolConfig"]
    assert [tool["toolSpec"]["name"] for tool in config["tools"]] == list(names)
    assert config.get("toolChoice") == sent
    assert adapted(prompt, model) == warnings


def test_claude_is_kept_from_parallel_calls_by_its_own_field() -> None:
    sent = body(Prompt(HELLO, CHOICES, ToolChoice(parallel_tool_calls=False)))
    wanted = {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
    assert sent["additionalModelRequestFields"] == wanted
    assert "additionalModelRequestFields" not in body(Prompt(HELLO, CHOICES, ToolChoice(parallel_tool_calls=True)))
    assert "additionalModelRequestFields" not in body(Prompt(HELLO, tool_choice=ToolChoice(parallel_tool_calls=False)))


def test_tools_that_must_not_be_called_are_not_offered() -> None:
    prompt = Prompt(HELLO, CHOICES, ToolChoice(ToolChoiceMode.NONE))
    assert body(prompt).keys() == {"messages"}
    assert adapted(prompt) == []


@pytest.mark.parametrize("tools", [(), CHOICES])
def test_the_tools_of_earlier_calls_are_sent_although_they_must_not_be_called(tools: tuple[Tool, ...]) -> None:
    prompt = Prompt(HISTORY, tools, ToolChoice(ToolChoiceMode.NONE))
    sent = body(prompt)
    assert sent["toolConfig"]["tools"][0]["toolSpec"]["name"] == "f"
    assert "toolChoice" not in sent["toolConfig"]
    assert sent["system"] == [{"text": "Answer without calling a tool."}]
    assert adapted(prompt) == ["mapped tool_choice.mode"]


def test_tools_of_the_provider_have_the_names_of_nova() -> None:
    hosted = (ProviderTool("web_search"), ProviderTool("code_execution"), ProviderTool("nova_x", "bedrock"))
    prompt = Prompt(HELLO, tool_choice=ToolChoice(max_tool_calls=2), provider_tools=hosted)
    names = [tool["systemTool"]["name"] for tool in body(prompt, NOVA_2)["toolConfig"]["tools"]]
    assert names == ["nova_grounding", "nova_code_interpreter", "nova_x"]
    assert adapted(prompt, NOVA_2) == ["dropped tool_choice.max_tool_calls"]


# The format of the answer.


def test_a_schema_is_sent_as_text_and_closed_for_claude() -> None:
    wanted = ResponseFormat(ResponseType.JSON_SCHEMA, "colour", SCHEMA.schema, description="A colour.")
    [structure] = [body(Prompt(HELLO, response_format=wanted))["outputConfig"]["textFormat"]["structure"]]
    closed = {"type": "object", "additionalProperties": False}
    assert structure["jsonSchema"]["name"] == "colour"
    assert structure["jsonSchema"]["description"] == "A colour."
    assert orjson.loads(structure["jsonSchema"]["schema"]) == {**closed, "properties": {"a": closed}}
    other = body(Prompt(HELLO, response_format=SCHEMA), UNKNOWN)["outputConfig"]["textFormat"]["structure"]
    assert orjson.loads(other["jsonSchema"]["schema"]) == orjson.loads(SCHEMA.schema)


@pytest.mark.parametrize(
    ("model", "wanted", "words"),
    [
        (NOVA, SCHEMA, "follows this JSON Schema"),
        (SONNET, ResponseFormat(ResponseType.JSON_OBJECT), "one JSON object"),
    ],
)
def test_a_format_that_the_api_lacks_is_asked_for_in_words(model: str, wanted: ResponseFormat, words: str) -> None:
    prompt = Prompt(HELLO, response_format=wanted)
    assert words in body(prompt, model)["system"][0]["text"]
    assert adapted(prompt, model) == ["mapped response_format.type"]


# Sampling and reasoning.

EVERYTHING = Sampling(1.5, 0.9, 7, 100, ("END",), 5, 0.1, 0.2)
ALWAYS = ["dropped sampling.seed", "dropped sampling.frequency_penalty", "dropped sampling.presence_penalty"]


@pytest.mark.parametrize(
    ("model", "config", "fields", "warnings"),
    [
        (HAIKU_3, {"temperature": 1.0, "topP": 0.9}, {"top_k": 7}, ["reduced sampling.temperature"]),
        (SONNET, {"temperature": 1.0}, {"top_k": 7}, ["reduced sampling.temperature", "dropped sampling.top_p"]),
        (LATE, {}, None, [f"dropped sampling.{name}" for name in ("temperature", "top_p", "top_k")]),
        (NOVA, {"temperature": 1.0, "topP": 0.9}, {"inferenceConfig": {"topK": 7}}, ["reduced sampling.temperature"]),
        (
            LLAMA,
            {"temperature": 1.0, "topP": 0.9},
            None,
            ["reduced sampling.temperature", "dropped sampling.top_k"],
        ),
    ],
)
def test_sampling_is_sent_as_the_model_accepts_it(model: str, config: Any, fields: Any, warnings: list[str]) -> None:
    prompt = Prompt(HELLO, sampling=EVERYTHING)
    sent = body(prompt, model)
    assert sent["inferenceConfig"] == {"maxTokens": 100, "stopSequences": ["END"], **config}
    assert sent.get("additionalModelRequestFields") == fields
    assert adapted(prompt, model) == [*warnings, *ALWAYS]
    assert ("additionalModelResponseFieldPaths" in sent) == ("claude" in model)


def test_a_limit_above_the_models_is_reduced() -> None:
    prompt = Prompt(HELLO, sampling=Sampling(max_output_tokens=1_000_000))
    assert body(prompt, HAIKU_3)["inferenceConfig"] == {"maxTokens": 4_096}
    assert adapted(prompt, HAIKU_3) == ["reduced sampling.max_output_tokens"]
    assert adapted(prompt, UNKNOWN) == []


LOW, HIGH, MAX, NONE = ReasoningEffort.LOW, ReasoningEffort.HIGH, ReasoningEffort.MAX, ReasoningEffort.NONE


@pytest.mark.parametrize(
    ("model", "sampling", "fields", "effort", "warnings"),
    [
        (SONNET_3_7, Sampling(reasoning_effort=HIGH), {"type": "enabled", "budget_tokens": 16_384}, None, []),
        (SONNET_3_7, Sampling(reasoning_budget_tokens=2_000), {"type": "enabled", "budget_tokens": 2_000}, None, []),
        (
            SONNET_3_7,
            Sampling(reasoning_budget_tokens=9_000, max_output_tokens=5_000),
            {"type": "enabled", "budget_tokens": 4_999},
            None,
            ["reduced sampling.reasoning_budget_tokens"],
        ),
        (
            SONNET_3_7,
            Sampling(reasoning_effort=LOW, max_output_tokens=500),
            None,
            None,
            ["dropped sampling.reasoning_effort"],
        ),
        (OPUS, Sampling(reasoning_effort=HIGH), {"type": "adaptive"}, "high", []),
        (OPUS, Sampling(reasoning_effort=ReasoningEffort.MINIMAL), {"type": "adaptive"}, "low", ["mapped effort"]),
        (
            OPUS,
            Sampling(reasoning_budget_tokens=5_000),
            {"type": "adaptive"},
            "medium",
            ["mapped sampling.reasoning_budget_tokens"],
        ),
        (OPUS, Sampling(reasoning_effort=NONE), None, None, []),
        (NEWEST, Sampling(reasoning_effort=NONE), {"type": "disabled"}, None, []),
        (HAIKU_3, Sampling(reasoning_effort=HIGH), None, None, ["dropped sampling.reasoning_effort"]),
        (HAIKU_3, Sampling(reasoning_effort=NONE), None, None, []),
        (HAIKU_3, Sampling(reasoning_summary=False), None, None, []),
        (
            SONNET,
            Sampling(reasoning_effort=HIGH, reasoning_summary=False),
            {"type": "enabled", "budget_tokens": 16_384},
            None,
            ["dropped sampling.reasoning_summary"],
        ),
    ],
)
def test_claude_is_asked_to_think_as_its_version_accepts_it(
    model: str, sampling: Sampling, fields: Any, effort: str | None, warnings: list[str]
) -> None:
    prompt = Prompt(HELLO, sampling=sampling)
    sent = body(prompt, model)
    assert sent.get("additionalModelRequestFields", {}).get("thinking") == fields
    assert sent.get("outputConfig", {}).get("effort") == effort
    expected = ["mapped sampling.reasoning_effort" if each == "mapped effort" else each for each in warnings]
    assert adapted(prompt, model) == expected


@pytest.mark.parametrize(
    ("model", "effort", "fields", "warnings"),
    [
        (NOVA_2, HIGH, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, []),
        (NOVA_2, MAX, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, ["mapped"]),
        (NOVA_2, NONE, None, []),
        (GPT, LOW, {"reasoning_effort": "low"}, []),
        (GPT, NONE, {"reasoning_effort": "low"}, ["mapped"]),
        (NOVA, HIGH, None, ["dropped"]),
        ("us.deepseek.r1-v1:0", NONE, None, ["dropped"]),
    ],
)
def test_other_families_are_asked_to_think_in_their_own_form(
    model: str, effort: ReasoningEffort, fields: Any, warnings: list[str]
) -> None:
    prompt = Prompt(HELLO, sampling=Sampling(reasoning_effort=effort))
    assert body(prompt, model).get("additionalModelRequestFields") == fields
    assert adapted(prompt, model) == [f"{kind} sampling.reasoning_effort" for kind in warnings]


def test_nova_with_its_highest_effort_takes_neither_samplers_nor_a_limit() -> None:
    free = Prompt(HELLO, sampling=Sampling(0.5, 0.9, 7, reasoning_effort=HIGH))
    assert body(free, NOVA_2).keys() == {"messages", "additionalModelRequestFields"}
    assert adapted(free, NOVA_2) == [f"dropped sampling.{name}" for name in ("temperature", "top_p", "top_k")]
    bounded = Prompt(HELLO, sampling=Sampling(0.5, max_output_tokens=100, reasoning_effort=HIGH))
    sent = body(bounded, NOVA_2)
    assert sent["inferenceConfig"] == {"maxTokens": 100, "temperature": 0.5}
    assert sent["additionalModelRequestFields"]["reasoningConfig"]["maxReasoningEffort"] == "medium"
    assert adapted(bounded, NOVA_2) == ["mapped sampling.reasoning_effort"]
    low = Prompt(HELLO, sampling=Sampling(max_output_tokens=100, reasoning_effort=LOW))
    assert adapted(low, NOVA_2) == []


def test_claude_that_thinks_takes_no_samplers_and_that_is_forced_does_not_think() -> None:
    sampling = Sampling(0.5, 0.9, 7, reasoning_effort=HIGH)
    sent = body(Prompt(HELLO, sampling=sampling), SONNET_3_7)
    assert sent["additionalModelRequestFields"].keys() == {"thinking"}
    assert "inferenceConfig" not in sent
    names = ("temperature", "top_p", "top_k")
    assert adapted(Prompt(HELLO, sampling=sampling), SONNET_3_7) == [f"dropped sampling.{name}" for name in names]
    forced = Prompt(HELLO, CHOICES, ToolChoice(ToolChoiceMode.REQUIRED), sampling=Sampling(reasoning_effort=HIGH))
    assert body(forced, OPUS).keys() == {"messages", "toolConfig"}
    assert adapted(forced, OPUS) == ["dropped sampling.reasoning_effort"]


@pytest.mark.parametrize(
    ("tier", "word"),
    [(ServiceTier.STANDARD, "default"), (ServiceTier.FLEX, "flex"), (ServiceTier.PRIORITY, "priority")],
)
def test_the_tier_is_sent(tier: ServiceTier, word: str) -> None:
    prompt = Prompt(HELLO, service_tier=tier)
    assert body(prompt)["serviceTier"] == {"type": word}
    assert adapted(prompt) == []
    assert "serviceTier" not in body(Prompt(HELLO))


def test_probabilities_of_tokens_are_dropped() -> None:
    assert adapted(Prompt(HELLO, sampling=Sampling(logprobs=2))) == ["dropped sampling.logprobs"]


# Hints for the cache.


def test_hints_become_points_after_what_they_mark() -> None:
    system = Message(Role.SYSTEM, (Text("Be brief.", HOUR), Text("Be kind.")))
    parts = (Text("a", USUAL), Media(MediaKind.IMAGE, "image/png", b"\x89PNG", cache=USUAL))
    sent = body(Prompt((system, Message(Role.USER, parts)), (Tool("f", cache=HOUR), Tool("g"))))
    assert [next(iter(each)) for each in sent["toolConfig"]["tools"]] == ["toolSpec", "cachePoint", "toolSpec"]
    assert sent["system"] == [{"text": "Be brief."}, HOUR_POINT, {"text": "Be kind."}]
    assert [next(iter(each)) for each in sent["messages"][0]["content"]] == [
        "text",
        "cachePoint",
        "image",
        "cachePoint",
    ]
    assert sent["messages"][0]["content"][1] == POINT


def test_a_point_stays_behind_a_result_that_is_moved() -> None:
    turns = Prompt((*HISTORY[:2], user("Hurry"), Message(Role.TOOL, (ToolResult("c1", (Text("ok"),), cache=USUAL),))))
    assert [next(iter(each)) for each in body(turns)["messages"][2]["content"]] == ["toolResult", "cachePoint", "text"]


def test_the_last_four_points_count_and_a_longer_time_does_not_follow_a_shorter_one() -> None:
    texts = [Text(letter, hint) for letter, hint in zip("abcdef", (HOUR, HOUR, USUAL, HOUR, HOUR, None), strict=True)]
    assert blocks(*texts) == [
        {"text": "a"},
        {"text": "b"},
        HOUR_POINT,
        {"text": "c"},
        POINT,
        {"text": "d"},
        POINT,
        {"text": "e"},
        POINT,
        {"text": "f"},
    ]


@pytest.mark.parametrize(("model", "text", "tool"), [(HAIKU_3, 0, 0), (LLAMA, 0, 0), (NOVA, 1, 0), (SONNET, 1, 1)])
def test_models_that_do_not_cache_get_no_points(model: str, text: int, tool: int) -> None:
    sent = body(Prompt((Message(Role.USER, (Text("a", USUAL),)),), (Tool("f", cache=USUAL),)), model)
    assert sent["messages"][0]["content"].count(POINT) == text
    assert sent["toolConfig"]["tools"].count(POINT) == tool


@pytest.mark.parametrize("model", ALL)
def test_aws_own_client_accepts_what_every_family_gets(model: str) -> None:
    parts = (Text("a", HOUR), Media(MediaKind.FILE, "application/pdf", b"%PDF", filename="a.pdf"))
    for effort in (None, *ReasoningEffort):
        sampling = Sampling(0.5, 0.5, 5, 20_000, ("x",), reasoning_effort=effort)
        for choice in ToolChoiceMode:
            messages = (Message(Role.SYSTEM, (Text("s", USUAL),)), *HISTORY, Message(Role.USER, parts))
            body(Prompt(messages, (TOOL, Tool("g")), ToolChoice(choice, "f"), SCHEMA, sampling), model)
    count = orjson.loads(ConverseDialect().encode_count(Prompt(HISTORY, (TOOL,)), model).body)
    assert faults(count, "CountTokens", modelId=model) == ""

"""How addresses, messages and media are encoded, and hints for the cache."""

import orjson
import pytest
from ymera_bedrock.dialect import ConverseDialect
from ymera_bedrock.signatures import sealed

from ymera_service.sdk.content import (
    Detail,
    Media,
    MediaKind,
    Message,
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
    Prompt,
    ReasoningEffort,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)

from .asking import (
    ALL,
    CALL,
    HAIKU_3,
    HELLO,
    HISTORY,
    HOUR,
    HOUR_POINT,
    LLAMA,
    NOVA,
    NOVA_2,
    POINT,
    RESULT,
    SCHEMA,
    SONNET,
    TOOL,
    USUAL,
    adapted,
    blocks,
    body,
    encoded,
    said,
)
from .aws_model import faults

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


def test_arguments_that_are_not_an_object_are_refused() -> None:
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

"""Conversion of the parts of messages."""

from __future__ import annotations

import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st
from ymera.v1 import content_pb2 as pb

from tests.unit.api.conftest import TOO_MANY_RESULT_PARTS, USER, by_field, faults_of, kept, prompt_of, with_part
from ymera_service.api.convert.content import message_fields
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
)
from ymera_service.sdk.generation import Prompt, ProviderTool, Tool
from ymera_service.serving.checks.providers import provider_of
from ymera_service.serving.checks.violations import Violations

HIGH = pb.Media.DETAIL_HIGH
PART = "prompt.messages[1].parts[0]"


@pytest.mark.parametrize(
    ("part", "role", "field"),
    [
        (pb.Part(), pb.ROLE_USER, PART),
        (pb.Part(text="a\0"), pb.ROLE_USER, f"{PART}.text"),
        (pb.Part(refusal="a\0"), pb.ROLE_ASSISTANT, f"{PART}.refusal"),
        (pb.Part(tool_call=pb.ToolCall(id="a", name="b")), pb.ROLE_USER, f"{PART}.tool_call"),
        (pb.Part(reasoning=pb.Reasoning(text="a")), pb.ROLE_SYSTEM, f"{PART}.reasoning"),
        (pb.Part(refusal="no"), pb.ROLE_USER, f"{PART}.refusal"),
        (pb.Part(tool_result=pb.ToolResult(tool_call_id="a")), pb.ROLE_ASSISTANT, f"{PART}.tool_result"),
        (pb.Part(text="a"), pb.ROLE_TOOL, f"{PART}.text"),
        (pb.Part(image=pb.Media(uri="https://a.example/")), pb.ROLE_TOOL, f"{PART}.image"),
        (pb.Part(tool_call=pb.ToolCall(name="b")), pb.ROLE_ASSISTANT, f"{PART}.tool_call.id"),
        (pb.Part(tool_call=pb.ToolCall(id="b")), pb.ROLE_ASSISTANT, f"{PART}.tool_call.name"),
        (pb.Part(tool_result=pb.ToolResult()), pb.ROLE_TOOL, f"{PART}.tool_result.tool_call_id"),
        (
            pb.Part(tool_result=pb.ToolResult(tool_call_id="a", parts=[pb.Part(refusal="x")])),
            pb.ROLE_TOOL,
            f"{PART}.tool_result.parts[0]",
        ),
        (
            pb.Part(tool_result=pb.ToolResult(tool_call_id="a", parts=[pb.Part(image=pb.Media(data=b"x"))])),
            pb.ROLE_TOOL,
            f"{PART}.tool_result.parts[0].image.mime_type",
        ),
        (pb.Part(image=pb.Media()), pb.ROLE_USER, f"{PART}.image"),
        (pb.Part(image=pb.Media(data=b"")), pb.ROLE_USER, f"{PART}.image"),
        (pb.Part(image=pb.Media(data=b"x")), pb.ROLE_USER, f"{PART}.image.mime_type"),
        (pb.Part(image=pb.Media(data=b"x", mime_type="png")), pb.ROLE_USER, f"{PART}.image.mime_type"),
        (pb.Part(audio=pb.Media(uri="http://a.example/")), pb.ROLE_USER, f"{PART}.audio.uri"),
        (pb.Part(file=pb.Media(uri="file:///etc/passwd")), pb.ROLE_USER, f"{PART}.file.uri"),
        (pb.Part(file=pb.Media(uri="https://")), pb.ROLE_USER, f"{PART}.file.uri"),
        (pb.Part(file=pb.Media(uri="gs://bucket/a.pdf")), pb.ROLE_USER, f"{PART}.file.uri"),
        (pb.Part(video=pb.Media()), pb.ROLE_USER, f"{PART}.video"),
        (pb.Part(file=kept("", "f")), pb.ROLE_USER, f"{PART}.file.provider_file.provider"),
        (pb.Part(file=kept("p", "")), pb.ROLE_USER, f"{PART}.file.provider_file.id"),
        (pb.Part(file=kept("p", "x" * 1_025)), pb.ROLE_USER, f"{PART}.file.provider_file.id"),
        (pb.Part(file=pb.Media(uri="https://a.b/", detail=HIGH)), pb.ROLE_USER, f"{PART}.file.detail"),
        (pb.Part(text="a", cache=pb.CacheHint(ttl=Duration())), pb.ROLE_USER, f"{PART}.cache.ttl"),
        (pb.Part(refusal="a", cache=pb.CacheHint()), pb.ROLE_ASSISTANT, f"{PART}.cache"),
        (pb.Part(file=pb.Media(uri="https://[")), pb.ROLE_USER, f"{PART}.file.uri"),
        (pb.Part(file=pb.Media(uri="https://a.example/", filename="\0")), pb.ROLE_USER, f"{PART}.file.filename"),
        (
            pb.Part(tool_result=pb.ToolResult(tool_call_id="a", parts=[pb.Part(audio=pb.Media(uri="https://a.b/"))])),
            pb.ROLE_TOOL,
            f"{PART}.tool_result.parts[0]",
        ),
    ],
)
def test_an_invalid_part_is_reported(part: pb.Part, role: pb.Role.ValueType, field: str) -> None:
    assert list(faults_of(with_part(part, role))) == [field]


def test_a_part_of_unknown_kind_is_one_violation_in_any_role() -> None:
    assert list(faults_of(with_part(pb.Part(), pb.ROLE_TOOL))) == [PART]


def test_files_that_a_provider_keeps_details_and_hints_are_read() -> None:
    hint = pb.CacheHint(ttl=Duration(seconds=3_600))
    result = pb.ToolResult(tool_call_id="c", parts=[pb.Part(image=kept("p", "f2"))])
    given_prompt = pb.Prompt(
        messages=[
            pb.Message(
                role=pb.ROLE_USER,
                parts=[
                    pb.Part(text="a", cache=hint),
                    pb.Part(video=kept("p", "gs://b/f.mp4")),
                    pb.Part(image=pb.Media(uri="https://a.example/", detail=HIGH), cache=pb.CacheHint()),
                ],
            ),
            pb.Message(role=pb.ROLE_TOOL, parts=[pb.Part(tool_result=result, cache=hint)]),
        ],
        tools=[
            pb.Tool(function=pb.Function(name="f"), cache=hint),
            pb.Tool(provider_tool=pb.ProviderTool(name="web_search"), cache=pb.CacheHint()),
        ],
    )
    faults = Violations()
    prompt = prompt_of(given_prompt, faults)
    faults.check()
    usual, hour = CacheHint(), CacheHint(3_600.0)
    picture = Media(MediaKind.IMAGE, uri="https://a.example/", detail=Detail.HIGH, cache=usual)
    film = Media(MediaKind.VIDEO, file_id="gs://b/f.mp4", provider="p")
    inner = Media(MediaKind.IMAGE, file_id="f2", provider="p")
    assert prompt.messages[0].parts == (Text("a", hour), film, picture)
    assert prompt.messages[1].parts == (ToolResult("c", (inner,), cache=hour),)
    assert (prompt.tools, prompt.provider_tools) == (
        (Tool("f", cache=hour),),
        (ProviderTool("web_search", cache=usual),),
    )
    assert provider_of(prompt, faults) == "p"


def test_files_and_tools_of_two_providers_fit_no_model() -> None:
    faults = Violations()
    message = Message(Role.USER, (Media(MediaKind.FILE, file_id="f", provider="p"),))
    provider_of(Prompt((message,), provider_tools=(ProviderTool("a", "q"),)), faults)
    assert list(by_field(faults)) == ["prompt"]


@pytest.mark.parametrize(
    ("block", "field"), [(pb.ProviderBlock(format="f"), "data"), (pb.ProviderBlock(data=b"{}"), "format")]
)
def test_a_block_of_a_provider_is_whole_and_stands_in_an_answer(block: pb.ProviderBlock, field: str) -> None:
    part = pb.Part(provider_block=block)
    answer = pb.Message(role=pb.ROLE_ASSISTANT, parts=[part])
    path = "prompt.messages[1].parts[0].provider_block"
    assert list(faults_of(pb.Prompt(messages=[USER, answer]))) == [f"{path}.{field}"]
    answer.role = pb.ROLE_USER
    assert list(faults_of(pb.Prompt(messages=[USER, answer]))) == [path]


@pytest.mark.parametrize("role", [pb.ROLE_USER, pb.ROLE_ASSISTANT, pb.ROLE_UNSPECIFIED])
def test_a_part_in_a_message_of_the_wrong_role_is_not_checked_further(role: pb.Role.ValueType) -> None:
    faults = faults_of(pb.Prompt(messages=[USER, pb.Message(role=role, parts=[TOO_MANY_RESULT_PARTS])]))
    assert faults["prompt.messages[1].parts[0].tool_result"] == "stands in messages of ROLE_TOOL only"
    assert "prompt.messages" not in faults


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
media = st.builds(Media, st.sampled_from(MediaKind), st.just("image/png"), st.binary(min_size=1))
answer_parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, texts),
    st.builds(Refusal, texts),
    st.builds(Reasoning, texts, st.binary()),
    st.builds(ToolCall, names, names, texts),
    media,
    st.builds(ProviderBlock, st.just("acme.messages"), st.binary(min_size=1)),
)


@given(st.lists(answer_parts, min_size=1, max_size=5))
def test_an_answer_sent_back_in_the_next_turn_is_unchanged(parts: list[Part]) -> None:
    answer = Message(Role.ASSISTANT, tuple(parts))
    faults = Violations()
    prompt = prompt_of(pb.Prompt(messages=[USER, pb.Message(**message_fields(answer))]), faults)
    faults.check()
    assert prompt.messages[1] == answer

"""How prompts are encoded, what is adapted, and what odd answers and errors mean."""

import json
from typing import Any

import orjson
import pytest
from ymera_cohere.decoder import ChatDecoder
from ymera_cohere.dialect import CohereDialect
from ymera_cohere.message_reader import PLAN

from ymera_service.sdk.content import (
    Detail,
    Media,
    MediaKind,
    Message,
    Part,
    ProviderBlock,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    user,
)
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ContextTooLong,
    InvalidProviderRequest,
    MalformedResponse,
    NotFound,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import CitationFound, Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageReported
from ymera_service.sdk.generation import (
    AdaptationKind,
    FinishReason,
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
    Usage,
)
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.models import Capability, ModelInfo
from ymera_service.sdk.testing.answers import Answer

HELLO = (user("Hello"),)
TOOL, OTHER = Tool("f", "Does it.", '{"type":"object","properties":{"a":{}}}'), Tool("g")
DROPPED, MAPPED, REDUCED = AdaptationKind.DROPPED, AdaptationKind.MAPPED, AdaptationKind.REDUCED
EFFORT, BUDGET = "sampling.reasoning_effort", "sampling.reasoning_budget_tokens"
SUMMARY = "sampling.reasoning_summary"


def encoded(prompt: Prompt, thinks: bool | None = None) -> HttpRequest:
    dialect, reasoning = CohereDialect(), frozenset({Capability.REASONING})
    if thinks is not None:
        dialect.learn([ModelInfo("m", reasoning if thinks else frozenset())])
    else:
        dialect.learn([ModelInfo("m", unknown=reasoning)])
    return dialect.encode(GenerateRequest("m", prompt, stream=False))


def body(prompt: Prompt, thinks: bool | None = None) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(encoded(prompt, thinks).body)
    return read


def adapted(prompt: Prompt, thinks: bool | None = None) -> list[tuple[AdaptationKind, str]]:
    return [(one.kind, one.field.removeprefix("prompt.")) for one in encoded(prompt, thinks).adaptations]


def said(*parts: Part, role: Role = Role.USER, before: tuple[Message, ...] = ()) -> Prompt:
    return Prompt((*before, Message(role, parts)))


def test_a_plain_prompt_is_nothing_but_its_messages() -> None:
    system = Message(Role.SYSTEM, (Text("Be "), Text("brief.")))
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert body(Prompt((system, *HELLO))) == {"model": "m", "stream": False, "messages": messages}


def test_how_to_sample_keeps_to_what_the_api_accepts() -> None:
    sampling = Sampling(0.5, 0.9, 40, 100, ("END",), 7, 0.1, 0.2)
    assert {name: value for name, value in body(Prompt(HELLO, sampling=sampling)).items() if name != "messages"} == {
        "model": "m",
        "stream": False,
        "temperature": 0.5,
        "p": 0.9,
        "k": 40,
        "max_tokens": 100,
        "stop_sequences": ["END"],
        "seed": 7,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
    }
    assert adapted(Prompt(HELLO, sampling=sampling)) == []
    beyond = Sampling(top_p=1, top_k=501, stop_sequences=tuple("abcdef"), frequency_penalty=-2, presence_penalty=2)
    sent = body(Prompt(HELLO, sampling=beyond))
    assert (sent["p"], sent["k"], sent["frequency_penalty"], sent["presence_penalty"]) == (0.99, 500, 0, 1)
    assert sent["stop_sequences"] == list("abcde")
    names = ("top_p", "top_k", "frequency_penalty", "presence_penalty", "stop_sequences")
    assert adapted(Prompt(HELLO, sampling=beyond)) == [(REDUCED, f"sampling.{name}") for name in names]


def test_pictures_are_sent_as_data_or_by_address_and_texts_as_documents() -> None:
    prompt = said(
        Text("Look"),
        Media(MediaKind.IMAGE, "image/jpeg", b"\xff\xd8", detail=Detail.LOW),
        Media(MediaKind.IMAGE, uri="https://example.com/a.png"),
        Media(MediaKind.FILE, "text/markdown", "Ä".encode(), filename="a.md"),
        Media(MediaKind.FILE, "application/json", b"{}"),
        Media(MediaKind.FILE, "text/plain", b"x", filename="a.md"),
    )
    sent = body(prompt)
    assert sent["messages"][0]["content"] == [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9g=", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    assert sent["documents"] == [
        {"id": "a.md-1", "data": {"text": "Ä"}},
        {"id": "document-2", "data": {"text": "{}"}},
        {"id": "a.md-3", "data": {"text": "x"}},
    ]
    assert adapted(prompt) == []


@pytest.mark.parametrize(
    "part",
    [
        Media(MediaKind.FILE, "application/pdf", b"%PDF"),
        Media(MediaKind.FILE, "text/plain", b"\xff"),
        Media(MediaKind.FILE, "text/plain", uri="https://example.com/a.txt"),
        Media(MediaKind.AUDIO, "audio/wav", b"RIFF"),
        Media(MediaKind.IMAGE, file_id="kept", provider="cohere"),
        ToolResult("c", (Media(MediaKind.IMAGE, "image/png", b"x"),)),
    ],
)
def test_what_the_api_can_not_express_is_refused(part: Part) -> None:
    with pytest.raises(InvalidProviderRequest):
        body(said(part))


def test_so_are_tools_of_the_provider_and_what_is_no_object() -> None:
    for prompt in (
        Prompt(HELLO, provider_tools=(ProviderTool("web_search"),)),
        Prompt(HELLO, tools=(Tool("f", parameters_schema="[]"),)),
        Prompt(HELLO, response_format=ResponseFormat(ResponseType.JSON_SCHEMA, schema="7")),
        said(ToolCall("c", "f", "[1]"), role=Role.ASSISTANT),
    ):
        with pytest.raises(InvalidProviderRequest):
            body(prompt)


CALL = ToolCall("call_1", "f", '{"a":1.50}')


def test_plans_thinking_calls_and_results_go_back() -> None:
    planned = Message(Role.ASSISTANT, (Reasoning("I will call f.", PLAN), CALL))
    thought = Message(Role.ASSISTANT, (Reasoning("So…"), Text("It is 1."), ProviderBlock("x", b"{}")))
    result = Message(Role.TOOL, (ToolResult("call_1", (Text("1"),)),))
    prompt = Prompt((*HELLO, planned, result, thought, *HELLO))
    function = {"name": "f", "arguments": '{"a":1.50}'}
    assert body(prompt, thinks=True)["messages"][1:4] == [
        {
            "role": "assistant",
            "tool_plan": "I will call f.",
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "1"},
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "So…"}, {"type": "text", "text": "It is 1."}],
        },
    ]
    assert adapted(prompt) == [(DROPPED, "messages.parts.provider_block")]
    assert body(prompt, thinks=False)["messages"][3]["content"] == [{"type": "text", "text": "It is 1."}]


@pytest.mark.parametrize(
    ("choice", "names", "sent", "adaptation"),
    [
        (ToolChoice(), ["f", "g"], None, None),
        (ToolChoice(ToolChoiceMode.NONE), ["f", "g"], "NONE", None),
        (ToolChoice(ToolChoiceMode.REQUIRED), ["f", "g"], "REQUIRED", None),
        (ToolChoice(ToolChoiceMode.TOOL, "g"), ["g"], "REQUIRED", (MAPPED, "tool_choice.tool_name")),
        (ToolChoice(allowed_tools=("f",)), ["f"], None, (MAPPED, "tool_choice.allowed_tools")),
        (
            ToolChoice(parallel_tool_calls=False),
            ["f", "g"],
            None,
            (DROPPED, "tool_choice.parallel_tool_calls"),
        ),
    ],
)
def test_the_choice_among_tools(choice: ToolChoice, names: list[str], sent: str | None, adaptation: Any) -> None:
    prompt = Prompt(HELLO, (TOOL, OTHER), choice)
    read = body(prompt)
    assert [tool["function"]["name"] for tool in read["tools"]] == names
    assert read.get("tool_choice") == sent
    assert adapted(prompt) == ([adaptation] if adaptation else [])
    assert "strict_tools" not in read


def test_tools_have_parameters_and_may_be_strict() -> None:
    read = body(Prompt(HELLO, (TOOL, Tool("g", strict=True))))
    assert [tool["function"]["parameters"] for tool in read["tools"]] == [
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {}},
    ]
    assert read["strict_tools"] is True


def test_json_is_asked_for_with_or_without_a_schema() -> None:
    def sent(wanted: ResponseFormat) -> Any:
        return body(Prompt(HELLO, response_format=wanted))["response_format"]

    assert sent(ResponseFormat(ResponseType.JSON_OBJECT)) == {"type": "json_object"}
    schema = ResponseFormat(ResponseType.JSON_SCHEMA, schema='{"type":"object"}', description="A colour")
    wanted = {"type": "object", "description": "A colour"}
    assert sent(schema) == {"type": "json_object", "json_schema": wanted}


@pytest.mark.parametrize(
    ("thinks", "sampling", "sent", "adaptation"),
    [
        (True, Sampling(), None, None),
        (True, Sampling(reasoning_effort=ReasoningEffort.NONE), {"type": "disabled"}, None),
        (True, Sampling(reasoning_budget_tokens=0), {"type": "disabled"}, None),
        (True, Sampling(reasoning_budget_tokens=500), {"type": "enabled", "token_budget": 500}, None),
        (
            None,
            Sampling(reasoning_effort=ReasoningEffort.LOW),
            {"type": "enabled", "token_budget": 1024},
            (MAPPED, EFFORT),
        ),
        (None, Sampling(reasoning_effort=ReasoningEffort.HIGH), {"type": "enabled"}, (MAPPED, EFFORT)),
        (True, Sampling(reasoning_summary=True), None, None),
        (True, Sampling(reasoning_summary=False), None, (DROPPED, SUMMARY)),
        (False, Sampling(reasoning_effort=ReasoningEffort.NONE), None, None),
        (False, Sampling(reasoning_effort=ReasoningEffort.HIGH), None, (DROPPED, EFFORT)),
        (False, Sampling(reasoning_budget_tokens=500), None, (DROPPED, BUDGET)),
        (False, Sampling(reasoning_summary=True), None, (DROPPED, SUMMARY)),
        (False, Sampling(reasoning_summary=False), None, None),
    ],
)
def test_thinking_is_bounded_by_tokens(thinks: bool | None, sampling: Sampling, sent: Any, adaptation: Any) -> None:
    prompt = Prompt(HELLO, sampling=sampling)
    assert body(prompt, thinks).get("thinking") == sent
    assert adapted(prompt, thinks) == ([adaptation] if adaptation else [])


def test_there_are_no_service_tiers_and_no_probabilities() -> None:
    prompt = Prompt(HELLO, sampling=Sampling(logprobs=1), service_tier=ServiceTier.FLEX)
    assert adapted(prompt) == [(DROPPED, "sampling.logprobs"), (DROPPED, "service_tier")]


# Answers.


def decoded(*events: Any) -> list[ProviderEvent | ProviderError]:
    decoder = ChatDecoder()
    body = "".join(f"event: {each.get('type')}\ndata: {json.dumps(each)}\n\n" for each in events)
    return [*decoder.feed(body.encode()), *decoder.close()]


def whole(answer: Any) -> list[ProviderEvent | ProviderError]:
    decoder = ChatDecoder()
    return [*decoder.feed(json.dumps(answer).encode()), *decoder.close()]


def delta(kind: str, index: int = 0, **message: Any) -> dict[str, Any]:
    return {"type": kind, "index": index, "delta": {"message": message}}


def content(index: int = 0, **said: str) -> dict[str, Any]:
    return delta("content-delta", index, content=said)


def end(reason: str = "COMPLETE", **more: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": reason, **more}}


START = {"type": "message-start", "id": "r1"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("COMPLETE", FinishReason.STOP),
        ("STOP_SEQUENCE", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("TOOL_CALL", FinishReason.TOOL_CALLS),
        ("ERROR_TOXIC", FinishReason.CONTENT_FILTER),
        ("ERROR", FinishReason.ERROR),
        ("TIMEOUT", FinishReason.ERROR),
    ],
)
def test_the_reason_of_the_end(raw: str, reason: FinishReason) -> None:
    assert decoded(START, content(text="Hi"), end(raw, error="why"))[-1] == Finished(
        reason, raw, incomplete_reason="why"
    )


def test_thinking_and_a_plan_are_kept_apart() -> None:
    plan = delta("tool-plan-delta", tool_plan="I will.")
    events = [
        event for event in decoded(START, content(thinking="So"), plan, end()) if isinstance(event, ReasoningDelta)
    ]
    [so, thought, will, planned] = events
    assert (so.text, will.text, planned.signature) == ("So", "I will.", PLAN)
    assert thought.signature not in (b"", PLAN)


def test_a_call_arrives_in_pieces_and_none_of_it_is_lost() -> None:
    def call(index: int, id: str) -> Any:
        function = {"name": "f", "arguments": ""}
        return delta("tool-call-start", index, tool_calls={"id": id, "function": function})

    def more(index: int, arguments: str) -> Any:
        return delta("tool-call-delta", index, tool_calls={"function": {"arguments": arguments}})

    events = decoded(START, call(3, "a"), more(3, '{"x"'), more(3, ":1}"), call(7, "b"), end("TOOL_CALL"))
    answer = Answer.of([event for event in events if not isinstance(event, ProviderError)])
    assert answer.tool_calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "f", ""))
    half = decoded(START, call(0, "a"), more(0, '{"x"'), end("TOOL_CALL"))
    assert isinstance(half[-1], StreamInterrupted)
    cut = decoded(START, call(0, "a"), more(0, '{"x"'), end("MAX_TOKENS"))
    assert cut[-1] == Finished(FinishReason.LENGTH, "MAX_TOKENS")


def test_a_citation_of_several_sources_points_to_each() -> None:
    sources = [
        {"type": "document", "id": "d1", "document": {"title": "One", "url": "https://example.com/1"}},
        {"type": "tool", "id": "t1:0", "tool_output": {}},
    ]
    cited = {"start": 1, "end": 3, "text": "cd", "content_index": 1, "sources": sources, "type": "TEXT_CONTENT"}
    events = decoded(
        START, content(0, text="cd"), content(1, text="xcd"), delta("citation-start", citations=cited), end()
    )
    found = [event.citation for event in events if isinstance(event, CitationFound)]
    assert [(each.uri, each.title, each.cited_text) for each in found] == [
        ("https://example.com/1", "One", "cd"),
        ("", "t1:0", "cd"),
    ]
    assert {(span.start, span.end) for each in found for span in each.spans} == {(3, 5)}
    elsewhere = decoded(START, delta("citation-start", citations={**cited, "type": "THINKING_CONTENT"}), end())
    assert [event.citation.spans for event in elsewhere if isinstance(event, CitationFound)] == [(), ()]


def test_what_is_billed_is_not_what_is_consumed() -> None:
    usage = {
        "tokens": {"input_tokens": 502, "output_tokens": 6},
        "billed_units": {"input_tokens": 7, "output_tokens": 3},
    }
    [reported] = [each for each in decoded(START, end(usage=usage)) if isinstance(each, UsageReported)]
    assert (reported.usage, reported.billed) == (Usage(502, 6), Usage(7, 3))
    only = {"billed_units": {"input_tokens": 7, "output_tokens": 3}}
    [reported] = [each for each in decoded(START, end(usage=only)) if isinstance(each, UsageReported)]
    assert (reported.usage, reported.billed) == (Usage(7, 3), Usage(7, 3))
    nothing = {"tokens": {"input_tokens": 5, "output_tokens": 1}, "billed_units": {"input_tokens": 0}}
    [reported] = [each for each in decoded(START, end(usage=nothing)) if isinstance(each, UsageReported)]
    assert (reported.usage, reported.billed) == (Usage(5, 1), None)
    assert not any(isinstance(each, UsageReported) for each in decoded(START, end()))


def test_an_unknown_event_is_ignored_and_an_error_is_not() -> None:
    assert decoded(START, {"type": "debug", "prompt": "x"}, content(text="a"), end())[1] == TextDelta("a")
    for failure in ({"message": "model 'm' not found"}, {"error": {"message": "model 'm' not found"}}):
        assert isinstance(decoded(START, failure)[-1], NotFound)
    assert isinstance(whole({"id": "e", "message": "too many tokens: the limit is 10"})[-1], ContextTooLong)


@pytest.mark.parametrize(
    "answer",
    [{}, {"message": 7}, {"message": {"content": [{"text": 7}]}}, {"message": {"tool_calls": [{}]}}, [1]],
)
def test_an_answer_that_is_not_in_the_format_is_malformed(answer: Any) -> None:
    assert isinstance(whole(answer)[-1], MalformedResponse)


@pytest.mark.parametrize(
    ("status", "sentence", "kind"),
    [
        (498, "invalid token", AuthenticationFailed),
        (404, "model 'command' was removed on September 15, 2025", NotFound),
        (429, "You are using a Trial key, which is limited to 20 API calls / minute", RateLimited),
        (429, "You are using a Trial key, which is limited to 1000 API calls / month", QuotaExhausted),
        (400, "invalid request: top_k must be between 0 and 500", InvalidProviderRequest),
    ],
)
def test_an_error_has_the_meaning_of_its_sentence(status: int, sentence: str, kind: type[ProviderError]) -> None:
    error = CohereDialect().decode_error(HttpResponse(status, {}, json.dumps({"message": sentence}).encode()))
    assert (type(error), error.message, error.status) == (kind, sentence, status)

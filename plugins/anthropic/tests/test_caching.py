"""Hints for the cache, files that the API keeps, and media that it has no block for."""

import orjson
import pytest
from ymera_anthropic.dialect import MessagesDialect

from ymera_service.sdk.content import CacheHint, Detail, Media, MediaKind, Message, Role, Text, ToolCall, ToolResult
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import GenerateRequest, Prompt, ProviderTool, Tool
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.wire.json_reader import Json

USUAL, LONG = CacheHint(), CacheHint(3_600.0)
MARK, LONG_MARK = {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}


def encoded(prompt: Prompt, beta: tuple[str, ...] = ()) -> HttpRequest:
    return MessagesDialect("2023-06-01", beta=beta).encode(GenerateRequest("claude-opus-4-6", prompt))


def body_of(prompt: Prompt) -> Json:
    body: Json = orjson.loads(encoded(prompt).body)
    return body


def said(*parts: Text | Media) -> Message:
    return Message(Role.USER, parts)


def marks(body: Json) -> list[Json | None]:
    return [block.get("cache_control") for turn in body["messages"] for block in turn["content"]]


@pytest.mark.parametrize(
    ("ttl", "mark"), [(None, MARK), (60.0, MARK), (300.0, MARK), (301.0, LONG_MARK), (86_400.0, LONG_MARK)]
)
def test_a_hint_marks_a_block_for_the_next_of_the_apis_times(ttl: float | None, mark: Json) -> None:
    assert marks(body_of(Prompt((said(Text("a", CacheHint(ttl)), Text("b")),)))) == [mark, None]
    assert encoded(Prompt((said(Text("a", CacheHint(ttl))),))).adaptations == ()


def test_tools_system_messages_media_and_results_are_marked() -> None:
    result = ToolResult("c", (Text("r"),), cache=USUAL)
    picture = Media(MediaKind.IMAGE, uri="https://a.example/", cache=USUAL)
    prompt = Prompt(
        (
            Message(Role.SYSTEM, (Text("Be brief."),)),
            Message(Role.SYSTEM, (Text("Be kind.", LONG),)),
            said(picture),
            Message(Role.ASSISTANT, (ToolCall("c", "f", "{}"),)),
            Message(Role.TOOL, (result,)),
        ),
        (Tool("f", cache=LONG), Tool("g")),
    )
    body = body_of(prompt)
    assert [tool.get("cache_control") for tool in body["tools"]] == [LONG_MARK, None]
    assert body["system"] == [
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": "Be kind.", "cache_control": LONG_MARK},
    ]
    assert marks(body) == [MARK, None, MARK]


def test_the_last_four_marks_count_and_a_longer_time_does_not_follow_a_shorter_one() -> None:
    hosted = (ProviderTool("web_search", cache=USUAL),)
    parts = (Text("a", LONG), Text("b", USUAL), Text("c", LONG), Text("d", LONG))
    body = body_of(Prompt((said(*parts),), provider_tools=hosted))
    assert "cache_control" not in body["tools"][0]
    assert marks(body) == [LONG_MARK, MARK, MARK, MARK]


def test_a_hint_within_a_result_is_kept() -> None:
    result = Message(Role.TOOL, (ToolResult("c", (Text("r", USUAL),)),))
    [block] = body_of(Prompt((Message(Role.ASSISTANT, (ToolCall("c", "f", "{}"),)), result)))["messages"][1]["content"]
    assert block["content"] == [{"type": "text", "text": "r", "cache_control": MARK}]


def test_files_that_the_api_keeps_need_its_beta_beside_those_of_the_endpoint() -> None:
    kept = Media(MediaKind.FILE, file_id="file_1", provider="anthropic")
    request = encoded(Prompt((said(kept),)), beta=("context-1m-2025-08-07",))
    [turn] = orjson.loads(request.body)["messages"]
    assert turn["content"] == [{"type": "document", "source": {"type": "file", "file_id": "file_1"}}]
    assert request.headers["anthropic-beta"] == "context-1m-2025-08-07,files-api-2025-04-14"
    assert "anthropic-beta" not in encoded(Prompt((said(Text("a")),))).headers


def test_detail_is_dropped_and_films_are_refused() -> None:
    picture = Media(MediaKind.IMAGE, uri="https://a.example/", detail=Detail.LOW)
    assert [one.field for one in encoded(Prompt((said(picture),))).adaptations] == ["prompt.messages.parts.detail"]
    with pytest.raises(InvalidProviderRequest, match="video"):
        encoded(Prompt((said(Media(MediaKind.VIDEO, uri="https://a.example/")),)))

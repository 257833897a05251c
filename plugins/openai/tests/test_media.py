"""Files that vendors keep, detail, videos, and hints for caches."""

import orjson
import pytest
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.quirks import Quirks
from ymera_openai.responses import Responses

from ymera_service.sdk.content import CacheHint, Detail, Media, MediaKind, Message, Role, Text
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import GenerateRequest, Prompt, Tool
from ymera_service.sdk.http import Dialect
from ymera_service.sdk.wire.json_reader import Json

PICTURE = Media(MediaKind.IMAGE, uri="https://a.example/p.png", detail=Detail.LOW)
FILM = Media(MediaKind.VIDEO, uri="https://a.example/f.mp4")
KEPT = Media(MediaKind.FILE, file_id="file-1", provider="openai")
KEPT_PICTURE = Media(MediaKind.IMAGE, file_id="file-2", provider="openai", detail=Detail.HIGH)
OPENAI, MISTRAL = Quirks(openai_families=True), Quirks(mistral=True)


def sent(dialect: Dialect, *parts: Text | Media, tools: tuple[Tool, ...] = ()) -> Json:
    prompt = Prompt((Message(Role.USER, parts),), tools)
    body: Json = orjson.loads(dialect.encode(GenerateRequest("m", prompt, stream=False)).body)
    return body


@pytest.mark.parametrize(
    ("dialect", "part", "expected"),
    [
        (
            ChatCompletions(OPENAI),
            PICTURE,
            {"type": "image_url", "image_url": {"url": "https://a.example/p.png", "detail": "low"}},
        ),
        (ChatCompletions(OPENAI), KEPT, {"type": "file", "file": {"file_id": "file-1"}}),
        (ChatCompletions(MISTRAL), KEPT, {"type": "file", "file_id": "file-1"}),
        (
            ChatCompletions(Quirks()),
            FILM,
            {"type": "video_url", "video_url": {"url": "https://a.example/f.mp4"}},
        ),
        (
            Responses(OPENAI),
            PICTURE,
            {"type": "input_image", "image_url": "https://a.example/p.png", "detail": "low"},
        ),
        (Responses(OPENAI), KEPT, {"type": "input_file", "file_id": "file-1"}),
        (Responses(OPENAI), KEPT_PICTURE, {"type": "input_image", "file_id": "file-2", "detail": "high"}),
    ],
)
def test_media_have_the_vendors_form(dialect: Dialect, part: Media, expected: Json) -> None:
    body = sent(dialect, part)
    [message] = body.get("messages") or body["input"]
    assert message["content"] == [expected]


@pytest.mark.parametrize(
    ("dialect", "part"),
    [
        (ChatCompletions(OPENAI), FILM),
        (ChatCompletions(MISTRAL), FILM),
        (ChatCompletions(OPENAI), KEPT_PICTURE),
        (Responses(OPENAI), FILM),
    ],
)
def test_what_a_vendor_has_no_form_for_is_refused(dialect: Dialect, part: Media) -> None:
    with pytest.raises(InvalidProviderRequest):
        sent(dialect, part)


def test_the_detail_of_a_video_is_dropped() -> None:
    film = Media(MediaKind.VIDEO, uri="https://a.example/", detail=Detail.HIGH)
    prompt = Prompt((Message(Role.USER, (film,)),))
    request = ChatCompletions(Quirks()).encode(GenerateRequest("m", prompt))
    assert [one.field for one in request.adaptations] == ["prompt.messages.parts.detail"]


def test_hints_for_the_cache_go_to_openrouter_alone() -> None:
    hinted, tool = Text("a", CacheHint(3_600.0)), Tool("f", cache=CacheHint())
    router = sent(ChatCompletions(Quirks(cache_control=True)), hinted, tools=(tool,))
    long = {"type": "ephemeral", "ttl": "1h"}
    assert router["messages"][0]["content"] == [{"type": "text", "text": "a", "cache_control": long}]
    assert router["tools"][0]["cache_control"] == {"type": "ephemeral"}
    other = sent(ChatCompletions(Quirks()), hinted, tools=(tool,))
    assert other["messages"][0]["content"] == "a"
    assert "cache_control" not in other["tools"][0]
    prompt = Prompt((Message(Role.USER, (hinted,)),))
    assert ChatCompletions(Quirks()).encode(GenerateRequest("m", prompt)).adaptations == ()

"""Files that the API keeps, videos, and detail."""

import orjson
import pytest
from ymera_gemini.dialect import GeminiDialect

from ymera_service.sdk.content import CacheHint, Detail, Media, MediaKind, Message, Role, Text
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import HttpRequest


def encoded(*parts: Text | Media) -> HttpRequest:
    return GeminiDialect().encode(GenerateRequest("gemini-2.5-flash", Prompt((Message(Role.USER, parts),))))


@pytest.mark.parametrize(
    ("id_", "uri"),
    [
        ("files/abc", "https://generativelanguage.googleapis.com/v1beta/files/abc"),
        ("gs://bucket/film.mp4", "gs://bucket/film.mp4"),
    ],
)
def test_a_file_that_the_api_keeps_is_named_by_its_address(id_: str, uri: str) -> None:
    film = Media(MediaKind.VIDEO, "video/mp4", file_id=id_, provider="gemini")
    [turn] = orjson.loads(encoded(film).body)["contents"]
    assert turn["parts"] == [{"fileData": {"fileUri": uri, "mimeType": "video/mp4"}}]


def test_the_closest_detail_applies_to_all_pictures() -> None:
    low = Media(MediaKind.IMAGE, uri="https://a.example/", detail=Detail.LOW)
    high = Media(MediaKind.VIDEO, uri="https://a.example/", detail=Detail.HIGH)
    assert orjson.loads(encoded(low).body)["generationConfig"] == {"mediaResolution": "MEDIA_RESOLUTION_LOW"}
    assert encoded(low, Text("a", CacheHint())).adaptations == ()
    assert orjson.loads(encoded(low, high).body)["generationConfig"] == {"mediaResolution": "MEDIA_RESOLUTION_HIGH"}
    assert [one.field for one in encoded(low, high).adaptations] == ["prompt.messages.parts.detail"]
    assert "generationConfig" not in orjson.loads(encoded(Text("a")).body)

"""Turns media into the API's blocks, and names documents as it requires."""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from ymera_service.sdk.content import Media, MediaKind
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.wire.json_reader import Json

_FORMATS: Mapping[MediaKind, Mapping[str, str]] = {
    MediaKind.IMAGE: {
        "image/gif": "gif",
        "image/jpeg": "jpeg",
        "image/jpg": "jpeg",
        "image/png": "png",
        "image/webp": "webp",
    },
    MediaKind.FILE: {
        "application/json": "txt",
        "application/msword": "doc",
        "application/pdf": "pdf",
        "application/vnd.ms-excel": "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "text/csv": "csv",
        "text/html": "html",
        "text/markdown": "md",
    },
    MediaKind.VIDEO: {
        "video/3gpp": "three_gp",
        "video/mp4": "mp4",
        "video/mpeg": "mpeg",
        "video/quicktime": "mov",
        "video/webm": "webm",
        "video/x-flv": "flv",
        "video/x-matroska": "mkv",
        "video/x-ms-wmv": "wmv",
    },
    MediaKind.AUDIO: {
        "audio/aac": "aac",
        "audio/flac": "flac",
        "audio/m4a": "m4a",
        "audio/mp3": "mp3",
        "audio/mp4": "mp4",
        "audio/mpeg": "mp3",
        "audio/ogg": "ogg",
        "audio/opus": "opus",
        "audio/wav": "wav",
        "audio/webm": "webm",
        "audio/x-wav": "wav",
    },
}
_BLOCKS = {MediaKind.FILE: "document"}
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9\s()\[\]-]")
_SPACE = re.compile(r"\s+")
_LONGEST_NAME = 190
"""Of the 200 characters that the API accepts; the rest is left for a number."""


class Names:
    """The names of the documents of one prompt, of which no two are the same, as the API requires."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def of(self, media: Media) -> str:
        """Returns a name for a document."""
        name = document_name(media)
        self._given[name] += 1
        return name if self._given[name] == 1 else f"{name} ({self._given[name]})"


def document_name(media: Media) -> str:
    """Returns the name of a file as far as the API accepts it, without its ending."""
    stem = PurePosixPath(media.filename).stem
    return _SPACE.sub(" ", _NOT_IN_NAMES.sub(" ", stem)).strip()[:_LONGEST_NAME].strip() or "document"


def media_block(media: Media, names: Names) -> Json:
    """Returns the block of a picture, document, video or recording.

    Raises:
        InvalidProviderRequest: The API does not accept it.
    """
    kind = MediaKind.IMAGE if media.mime_type.startswith("image/") else media.kind
    block = {"format": _format(media, kind), "source": _source(media)}
    if kind is MediaKind.FILE:
        block["name"] = names.of(media)
    return {_BLOCKS.get(kind, kind.value): block}


def _format(media: Media, kind: MediaKind) -> str:
    formats = _FORMATS[kind]
    mime_type = media.mime_type.partition(";")[0].strip().lower()
    if found := formats.get(mime_type):
        return found
    if kind is MediaKind.FILE and mime_type.startswith("text/"):
        return "txt"
    if not mime_type and (ending := _ending(media.uri or media.filename)) in {*formats.values(), "txt"}:
        return ending
    raise InvalidProviderRequest(f"Bedrock accepts no {kind.value} of type {media.mime_type!r}", param="messages")


def _ending(address: str) -> str:
    ending = PurePosixPath(address).suffix.removeprefix(".").lower()
    return {"jpg": "jpeg", "3gp": "three_gp"}.get(ending, ending)


def _source(media: Media) -> Json:
    if media.data:
        return {"bytes": b64encode(media.data).decode()}
    if media.uri.startswith("s3://"):
        return {"s3Location": {"uri": media.uri}}
    raise InvalidProviderRequest("Bedrock fetches media from S3 only: send the bytes instead", param="messages")

"""Reads the sources of an answer."""

from collections.abc import Iterator

from ymera_service.sdk.content import Citation, TextSpan
from ymera_service.sdk.wire.json_reader import Json, count, member, members, text

_KINDS = ("web", "retrievedContext", "maps", "image")


class Sources:
    """The sources of one answer; those of a chunk replace the earlier ones of its kind."""

    def __init__(self) -> None:
        self._grounding: Json = {}
        self._recited: list[Json] = []
        self.searched = False

    def take(self, candidate: Json) -> None:
        """Takes the sources that a candidate names."""
        if members(grounding := member(candidate, "groundingMetadata"), "groundingChunks"):
            self._grounding = grounding
        self.searched = self.searched or bool(grounding.get("webSearchQueries"))
        recited = member(candidate, "citationMetadata")
        # The developer API and Vertex AI name this list differently.
        self._recited = members(recited, "citationSources") or members(recited, "citations") or self._recited

    def citations(self, answer: str) -> Iterator[Citation]:
        """Yields the sources that a search found, with the words that rest on them, then those that were recited.

        Args:
            answer: The whole text.
        """
        written = answer.encode(errors="replace") if self._grounding or self._recited else b""
        supports = members(self._grounding, "groundingSupports")
        for index, chunk in enumerate(members(self._grounding, "groundingChunks")):
            source = next((member(chunk, kind) for kind in _KINDS if kind in chunk), {})
            segments = list(_segments_on(index, supports))
            words = " ".join(filter(None, (text(segment, "text") for segment in segments)))
            spans = (_span_of(segment, answer, written) for segment in segments)
            yield Citation(text(source, "uri"), text(source, "title"), words, tuple(filter(None, spans)))
        for source in self._recited:
            span = _span_of(source, answer, written)
            yield Citation(text(source, "uri"), text(source, "title"), spans=(span,) if span else ())


def _segments_on(index: int, supports: list[Json]) -> Iterator[Json]:
    for support in supports:
        indices = support.get("groundingChunkIndices")
        if isinstance(indices, list) and index in indices:
            yield member(support, "segment")


def _span_of(segment: Json, answer: str, written: bytes) -> TextSpan | None:
    """Returns the characters of a segment, which the API counts in bytes; None if they are not in the answer.

    A segment that states its words is found by them where the bytes are others: those of one part of several.
    """
    start, end = count(segment, "startIndex") or 0, count(segment, "endIndex") or 0
    said = text(segment, "text")
    if 0 <= start < end <= len(written) and (not said or written[start:end] == said.encode(errors="replace")):
        before = len(written[:start].decode(errors="ignore"))
        return TextSpan(before, before + len(written[start:end].decode(errors="ignore")))
    found = answer.find(said) if said else -1
    return TextSpan(found, found + len(said)) if found >= 0 else None

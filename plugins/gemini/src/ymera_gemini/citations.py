"""Reads the sources of an answer."""

from collections.abc import Iterator

from ymera_service.sdk.content import Citation
from ymera_service.sdk.wire.json_reader import Json, member, members, text

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

    def citations(self) -> Iterator[Citation]:
        """Yields the sources that a search found, with the words that rest on them, then those that were recited."""
        supports = members(self._grounding, "groundingSupports")
        for index, chunk in enumerate(members(self._grounding, "groundingChunks")):
            source = next((member(chunk, kind) for kind in _KINDS if kind in chunk), {})
            yield Citation(text(source, "uri"), text(source, "title"), _words_on(index, supports))
        for source in self._recited:
            yield Citation(text(source, "uri"), text(source, "title"))


def _words_on(index: int, supports: list[Json]) -> str:
    resting = (one for one in supports if index in (one.get("groundingChunkIndices") or ()))
    return " ".join(filter(None, (text(member(one, "segment"), "text") for one in resting)))

"""Converse's answers and events, as the formats of InvokeModel build them."""

from collections.abc import Callable, Iterator

from ymera_service.sdk.wire.json_reader import Json, count, member

Event = tuple[str, Json]
"""The kind and content of an event of Converse's stream."""
Events = Callable[[Json], Iterator[Event]]
"""Turns an event of a format into events of Converse."""

_METRICS = "amazon-bedrock-invocationMetrics"


def answer_of(content: list[Json], stop: str, usage: Json, sequence: object = None) -> Json:
    """Returns a whole answer of Converse."""
    return {"output": {"message": {"content": content}}, **stopped(stop, sequence), "usage": usage}


def stopped(reason: str, sequence: object = None) -> Json:
    """Returns the content of the event that ends an answer, with the stop sequence that was written."""
    hit = {"additionalModelResponseFields": {"stop_sequence": sequence}} if isinstance(sequence, str) else {}
    return {"stopReason": reason, **hit}


def usage_of(counts: Json, read: str, written: str, names: tuple[str, str, str]) -> Json:
    """Returns Converse's counts.

    Args:
        counts: Those of the format.
        read: Its name of the tokens that were read from the cache, which are not part of the input.
        written: That of the tokens written to it.
        names: Those of input, output and total.
    """
    wanted = zip(("inputTokens", "outputTokens", "totalTokens"), names, strict=True)
    cached = (("cacheReadInputTokens", read), ("cacheWriteInputTokens", written))
    found = {ours: count(counts, theirs) for ours, theirs in (*wanted, *cached) if theirs}
    return {name: number for name, number in found.items() if number is not None}


def metrics(document: Json) -> Json:
    """Returns AWS's own counts, which end a stream in every format; empty if they are not there."""
    named = ("inputTokenCount", "outputTokenCount", "")
    counts = member(document, _METRICS)
    return usage_of(counts, "cacheReadInputTokenCount", "cacheWriteInputTokenCount", named)


def text_of(blocks: list[Json]) -> str:
    """Returns the texts of blocks of Converse, joined."""
    return "".join(block["text"] for block in blocks if "text" in block)

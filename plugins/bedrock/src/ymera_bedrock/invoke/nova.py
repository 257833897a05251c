"""Nova's format, which Converse's was made of.

See https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html.
"""

from collections.abc import Iterator

from ymera_bedrock.invoke.events import Event, metrics, usage_of
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.wire.json_reader import Json, member

_OWN = ("messages", "system", "toolConfig", "inferenceConfig")
_NAMES = ("inputTokens", "outputTokens", "totalTokens")


def request(body: Json, limit: int) -> Json:
    """See `Format.request`."""
    if "outputConfig" in body:
        raise InvalidProviderRequest("Nova's format has no JSON Schema for answers")
    encoded: Json = {"schemaVersion": "messages-v1", **{name: body[name] for name in _OWN if name in body}}
    for name, value in member(body, "additionalModelRequestFields").items():
        known = encoded.get(name)
        encoded[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return encoded


def answer(document: Json) -> Json:
    """See `Format.answer`."""
    return {**document, "usage": _usage(document)}


def events(document: Json) -> Iterator[Event]:
    """Yields the event that a document holds; see `Events`."""
    for kind, event in document.items():
        if kind == "metadata":
            yield kind, {**member(document, kind), "usage": _usage(member(document, kind)) or metrics(document)}
        elif isinstance(event, dict):
            yield kind, event


def _usage(holder: Json) -> Json:
    return usage_of(member(holder, "usage"), "cacheReadInputTokenCount", "cacheWriteInputTokenCount", _NAMES)

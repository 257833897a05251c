"""The API's list of models: `GET /v1/models`, which version 2 has no successor of."""

from dataclasses import replace
from urllib.parse import quote

from ymera_cohere.embeddings import MOST_INPUTS
from ymera_cohere.settings import ModelSettings
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability, Kind, ModelInfo
from ymera_service.sdk.wire.json_reader import Json, count, members, required, text

_PAGE = 1000
_KINDS = {"chat": Kind.GENERATE, "embed": Kind.EMBED, "rerank": Kind.RERANK}
"""By the endpoints that a model can be called at."""
_FEATURES = {
    "tools": Capability.TOOLS,
    "json_schema": Capability.STRUCTURED_OUTPUT,
    "vision": Capability.IMAGE_INPUT,
    "reasoning": Capability.REASONING,
}
_FILES = frozenset({Capability.FILE_INPUT})
"""Of files, models read only those of text."""


def page_request(after: str) -> HttpRequest:
    """Returns the request for the page with this token, or for the first page if that is empty."""
    token = f"&page_token={quote(after, safe='')}" if after else ""
    return HttpRequest("GET", f"/v1/models?page_size={_PAGE}{token}", {"accept": "application/json"})


def read_page(body: Json) -> tuple[dict[str, ModelInfo], str | None]:
    """Returns the models of a page by name, and the token of the next page; None after the last page.

    Raises:
        MalformedResponse: The body is not a page of models.
    """
    required(body, "models", list)
    models = [_model(entry) for entry in members(body, "models")]
    return {info.name: info for info in models if info.name}, text(body, "next_page_token") or None


def configured(name: str, model: ModelSettings) -> ModelInfo:
    """Returns a model of the configuration; its name says what it is for."""
    endpoint = next((each for each in ("embed", "rerank") if each in name), "chat")
    info = _model({"name": name, "endpoints": [endpoint], "context_length": model.context_window})
    if model.capabilities is None:
        return info
    return replace(info, capabilities=model.capabilities, unknown=frozenset())


def _model(entry: Json) -> ModelInfo:
    endpoints = entry.get("endpoints")
    named = endpoints if isinstance(endpoints, list) else []
    kind = next((_KINDS[each] for each in named if isinstance(each, str) and each in _KINDS), Kind.OTHER)
    features = entry.get("features")
    stated = features if isinstance(features, list) else []
    generates = kind is Kind.GENERATE
    return ModelInfo(
        text(entry, "name"),
        frozenset(_FEATURES[each] for each in stated if isinstance(each, str) and each in _FEATURES),
        kind=kind,
        unknown=(_FILES if stated else _FILES | frozenset(_FEATURES.values())) if generates else frozenset(),
        context_window=count(entry, "context_length") or 0,
        price_vendor="cohere",
        deprecated=entry["is_deprecated"] if isinstance(entry.get("is_deprecated"), bool) else None,
        max_batch_inputs=MOST_INPUTS if kind is Kind.EMBED else 0,
    )

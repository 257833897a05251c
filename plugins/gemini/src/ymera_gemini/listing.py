"""The API's list of models."""

from dataclasses import replace
from urllib.parse import quote

from ymera_gemini.profiles import Profile, family_profile, without_thinking
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability, Kind
from ymera_service.sdk.wire.json_reader import Json, count, members, required, text

_PAGE = 1000
_METHODS = {"generateContent": Kind.GENERATE, "embedContent": Kind.EMBED}


def page_request(after: str = "") -> HttpRequest:
    """Returns the request for the page with this token, or for the first page if that is empty."""
    token = f"&pageToken={quote(after, safe='')}" if after else ""
    return HttpRequest("GET", f"/models?pageSize={_PAGE}{token}", {"accept": "application/json"})


def read_page(body: Json) -> tuple[dict[str, Profile], str]:
    """Returns the models of a page, and the token of the next page; empty after the last page.

    Raises:
        MalformedResponse: The body is not a page of models.
    """
    if body:  # a list without models has no members at all
        required(body, "models", list)
    listed = {_name(model): _profile(model) for model in members(body, "models")}
    return {name: profile for name, profile in listed.items() if name}, text(body, "nextPageToken")


def _name(model: Json) -> str:
    """Returns the name as it is sent in a request: without its collection, unless that is one of tuned models."""
    name = required(model, "name", str, "models")
    return name.rpartition("models/")[2] if not name.startswith("tunedModels/") else name


def _profile(model: Json) -> Profile:
    known = family_profile(_name(model))
    read, written = count(model, "inputTokenLimit") or 0, count(model, "outputTokenLimit") or 0
    kind = _kind(model, known)
    if kind is not Kind.GENERATE:
        return Profile(kind=kind, context_window=read, max_output_tokens=written)
    if model.get("thinking") is True:
        known = replace(known, capabilities=known.capabilities | {Capability.REASONING})
    elif "supportedGenerationMethods" in model:
        known = without_thinking(known)
    return replace(
        known,
        unknown=known.unknown - known.capabilities,
        context_window=read or known.context_window,
        max_output_tokens=written or known.max_output_tokens,
    )


def _kind(model: Json, known: Profile) -> Kind:
    """Returns what a model is for: its methods state that it generates, and its name whether that is text."""
    methods = model.get("supportedGenerationMethods")
    if not isinstance(methods, list):
        return known.kind
    kind = next((_METHODS[method] for method in methods if isinstance(method, str) and method in _METHODS), Kind.OTHER)
    return known.kind if kind is Kind.GENERATE else kind

"""The API's list of models."""

from dataclasses import replace
from urllib.parse import quote

from ymera_anthropic.profiles import EFFORTS, Profile, family_profile
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability
from ymera_service.sdk.wire.json_reader import Json, as_object, count, member, required, text

_PAGE = 1000

_CAPABILITIES = {
    "image_input": Capability.IMAGE_INPUT,
    "pdf_input": Capability.FILE_INPUT,
    "structured_outputs": Capability.STRUCTURED_OUTPUT,
    "thinking": Capability.REASONING,
}


def page_request(after: str = "") -> HttpRequest:
    """Returns the request for the models after one, or for the first."""
    cursor = f"&after_id={quote(after, safe='')}" if after else ""
    return HttpRequest("GET", f"/models?limit={_PAGE}{cursor}", {"accept": "application/json"})


def read_page(body: Json) -> tuple[dict[str, Profile], str]:
    """Returns the models of a page, and after which one to ask for more; empty where there are no more.

    Raises:
        MalformedResponse: It is no page of models.
    """
    listed = {
        name: _profile(name, model)
        for model in map(as_object, required(body, "data", list))
        if (name := required(model, "id", str, "data")) and text(model, "lifecycle") != "retired"
    }
    return listed, text(body, "last_id") if body.get("has_more") is True else ""


def _profile(name: str, model: Json) -> Profile:
    known = family_profile(name)
    told = member(model, "capabilities")
    thinking = member(member(told, "thinking"), "types")
    return replace(
        known,
        context_window=count(model, "max_input_tokens") or count(model, "context_length") or known.context_window,
        max_output_tokens=count(model, "max_tokens") or known.max_output_tokens,
        capabilities=frozenset(
            {capability for capability in Capability if capability in known.capabilities}
            - {capability for field, capability in _CAPABILITIES.items() if field in told}
            | {capability for field, capability in _CAPABILITIES.items() if _supported(told, field)}
        ),
        thinking=_overlay(known.thinking, thinking),
        efforts=_overlay(
            known.efforts, {name: told for name, told in member(told, "effort").items() if name in EFFORTS}
        ),
    )


def _overlay(known: frozenset[str], told: Json) -> frozenset[str]:
    return frozenset(known - told.keys() | {name for name in told if _supported(told, name)})


def _supported(holder: Json, name: str) -> bool:
    return member(holder, name).get("supported") is True

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
    "code_execution": Capability.CODE_EXECUTION,
}

_IN_WORDS = frozenset({Capability.STRUCTURED_OUTPUT})
"""What a request asks for in words if the API has no field for it."""


def page_request(after: str = "") -> HttpRequest:
    """Returns the request for the page after the model `after`, or for the first page if that is empty."""
    cursor = f"&after_id={quote(after, safe='')}" if after else ""
    return HttpRequest("GET", f"/models?limit={_PAGE}{cursor}", {"accept": "application/json"})


def read_page(body: Json) -> tuple[dict[str, Profile], str]:
    """Returns the models of a page, and the id to pass to the next `page_request`; empty after the last page.

    Raises:
        MalformedResponse: The body is not a page of models.
    """
    listed = {
        name: _profile(name, model)
        for model in map(as_object, required(body, "data", list))
        if (name := required(model, "id", str, "data")) and text(model, "lifecycle") != "retired"
    }
    return listed, text(body, "last_id") if body.get("has_more") is True else ""


def _profile(name: str, model: Json) -> Profile:
    known = family_profile(name)
    reported = member(model, "capabilities")
    thinking = member(member(reported, "thinking"), "types")
    return replace(
        known,
        context_window=count(model, "max_input_tokens") or count(model, "context_length") or known.context_window,
        max_output_tokens=count(model, "max_tokens") or known.max_output_tokens,
        capabilities=frozenset(
            {capability for capability in Capability if capability in known.capabilities}
            - {capability for field, capability in _CAPABILITIES.items() if field in reported}
            | {capability for field, capability in _CAPABILITIES.items() if _supported(reported, field)}
        ),
        unknown=known.unknown - {_CAPABILITIES[field] for field in _CAPABILITIES if field in reported} | _IN_WORDS,
        deprecated=text(model, "lifecycle") == "deprecated" if "lifecycle" in model else None,
        thinking=_overlay(known.thinking, thinking),
        efforts=_overlay(
            known.efforts, {name: entry for name, entry in member(reported, "effort").items() if name in EFFORTS}
        ),
    )


def _overlay(known: frozenset[str], reported: Json) -> frozenset[str]:
    return frozenset(known - reported.keys() | {name for name in reported if _supported(reported, name)})


def _supported(holder: Json, name: str) -> bool:
    return member(holder, name).get("supported") is True

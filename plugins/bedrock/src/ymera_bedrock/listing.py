"""The lists of models and of inference profiles that a region has."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote

from ymera_bedrock.profiles import Profile, family_profile
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability, Kind
from ymera_service.sdk.wire.json_reader import Json, as_object, member, members, required, text

_HEADERS = {"accept": "application/json"}
_PAGE = 1000
_ON_DEMAND = "ON_DEMAND"
_MEDIA: Mapping[str, Capability] = {
    "IMAGE": Capability.IMAGE_INPUT,
    "VIDEO": Capability.VIDEO_INPUT,
    "AUDIO": Capability.AUDIO_INPUT,
    "SPEECH": Capability.AUDIO_INPUT,
}
MODELS = HttpRequest("GET", "/foundation-models", _HEADERS)
"""The request for all models of the region."""


def profiles_request(after: str = "") -> HttpRequest:
    """Returns the request for the page of inference profiles with this token, or for the first page."""
    token = f"&nextToken={quote(after, safe='')}" if after else ""
    return HttpRequest("GET", f"/inference-profiles?maxResults={_PAGE}{token}", _HEADERS)


def read_models(body: Json) -> dict[str, Profile]:
    """Returns all models of a list, also those that only an inference profile can call.

    Raises:
        MalformedResponse: The body is not a list of models.
    """
    listed = map(as_object, required(body, "modelSummaries", list))
    return {required(model, "modelId", str, "modelSummaries"): _profile(model) for model in listed}


def on_demand(body: Json) -> list[str]:
    """Returns the models of a list that can be called by their own name."""
    return [
        text(model, "modelId")
        for model in members(body, "modelSummaries")
        if _ON_DEMAND in _words(model, "inferenceTypesSupported")
    ]


def read_profiles(body: Json, models: Mapping[str, Profile]) -> tuple[dict[str, Profile], str]:
    """Returns the inference profiles of a page, and the token of the next page; empty after the last page.

    Args:
        body: The page.
        models: What the models of the region accept, by name; a profile accepts what its model does.

    Raises:
        MalformedResponse: The body is not a page of inference profiles.
    """
    found = dict(_inference_profiles(body, models))
    return found, text(body, "nextToken")


def _inference_profiles(body: Json, models: Mapping[str, Profile]) -> Iterator[tuple[str, Profile]]:
    for summary in map(as_object, required(body, "inferenceProfileSummaries", list)):
        # A profile of the account has a name without a meaning, and is called by its ARN.
        of_account = text(summary, "type") == "APPLICATION"
        name = required(summary, "inferenceProfileArn" if of_account else "inferenceProfileId", str)
        arn = next((text(model, "modelArn") for model in members(summary, "models")), "")
        model = arn.rpartition("/")[2]
        profile = models.get(model) or family_profile(model or name)
        if profile.kind is Kind.GENERATE or not of_account:  # an ARN does not state the format in which a model embeds
            yield name, profile


def _profile(model: Json) -> Profile:
    known = replace(family_profile(required(model, "modelId", str, "modelSummaries")), deprecated=_is_legacy(model))
    if known.kind is not Kind.GENERATE:
        return known
    if "TEXT" not in _words(model, "outputModalities"):
        return Profile(kind=Kind.OTHER)
    listed = {_MEDIA[name] for name in _words(model, "inputModalities") if name in _MEDIA}
    media = frozenset(_MEDIA.values())
    streams = model.get("responseStreamingSupported") is not False
    capabilities = known.capabilities - media | listed
    return replace(known, capabilities=capabilities, unknown=known.unknown - media, streams=streams)


def _is_legacy(model: Json) -> bool | None:
    status = text(member(model, "modelLifecycle"), "status")
    return status == "LEGACY" if status else None


def _words(model: Json, name: str) -> list[str]:
    value = model.get(name)
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []

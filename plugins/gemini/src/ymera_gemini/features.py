"""What the Gemini API and Vertex AI do with what a prompt can ask for."""

from collections.abc import Mapping

from ymera_service.sdk.features import BY_MODEL, IGNORED, SENT, Feature, Features, dropped, each, mapped, refused
from ymera_service.sdk.generation import ServiceTier
from ymera_service.sdk.wire.declared import tiers_of
from ymera_service.sdk.wire.tiers import Names

TIERS: Names = {tier: tier.value for tier in ServiceTier}
"""See https://ai.google.dev/gemini-api/docs/priority-inference."""
_BY_MODEL = (
    Feature.REASONING_EFFORT,
    Feature.REASONING_OFF,
    Feature.REASONING_BUDGET,
    Feature.REASONING_SHOWN,
    Feature.STRICT_TOOLS,
    Feature.TOOL_IMAGE,
)

GEMINI: Features = {
    **each(Feature, SENT),
    **each(_BY_MODEL, BY_MODEL),
    Feature.ALLOWED_TOOLS: mapped(""),
    Feature.ONE_CALL_AT_A_TIME: dropped("the API can't forbid parallel calls"),
    Feature.MAX_TOOL_CALLS: dropped("the API does not bound the calls of its own tools"),
    Feature.FILENAME: dropped("the API has no names of files"),
    Feature.CACHE: IGNORED,
    **tiers_of(TIERS),
}
VERTEX: Features = {**GEMINI, **tiers_of({}), Feature.FILE_ID: refused("Vertex AI keeps no files")}
FORMATS: Mapping[str, Features] = {"gemini": GEMINI, "vertexai": VERTEX}
"""By the name of the provider."""

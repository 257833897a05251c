"""What Converse does with what a prompt can ask for."""

from collections.abc import Mapping

from ymera_bedrock.requests import TIERS
from ymera_service.sdk.features import BY_MODEL, SENT, Feature, Features, dropped, each, mapped, refused
from ymera_service.sdk.wire.declared import tiers_of

_BY_MODEL = (
    Feature.TEMPERATURE,
    Feature.TOP_P,
    Feature.TOP_K,
    Feature.REASONING_EFFORT,
    Feature.REASONING_OFF,
    Feature.REASONING_BUDGET,
    Feature.JSON_SCHEMA,
    Feature.STRICT_TOOLS,
    Feature.TOOL_REQUIRED,
    Feature.TOOL_BY_NAME,
    Feature.ONE_CALL_AT_A_TIME,
    Feature.CACHE,
)
_NO_FIELD = (
    Feature.SEED,
    Feature.FREQUENCY_PENALTY,
    Feature.PRESENCE_PENALTY,
    Feature.LOGPROBS,
    Feature.REASONING_SHOWN,
)
_ELSEWHERE = (Feature.IMAGE_URI, Feature.FILE_URI)

FEATURES: Features = {
    **each(Feature, SENT),
    **each(_BY_MODEL, BY_MODEL),
    **each(_NO_FIELD, dropped("")),
    **each(_ELSEWHERE, refused("the API reads nothing but its own S3")),
    Feature.FILE_ID: refused("the API keeps no files"),
    Feature.JSON_OBJECT: mapped("JSON was asked for in the system prompt"),
    Feature.ALLOWED_TOOLS: mapped("only these tools were offered"),
    Feature.MAX_TOOL_CALLS: dropped("the API does not bound the calls of its own tools"),
    Feature.IMAGE_DETAIL: dropped("the API has no levels of detail"),
    **tiers_of(TIERS),
}
FORMATS: Mapping[str, Features] = {"bedrock": FEATURES}
"""By the name of the provider."""

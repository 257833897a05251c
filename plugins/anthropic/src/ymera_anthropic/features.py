"""What the Messages API does with what a prompt can ask for."""

from collections.abc import Mapping

from ymera_anthropic.requests import TIERS
from ymera_service.sdk.features import BY_MODEL, SENT, Feature, Features, dropped, each, mapped, refused
from ymera_service.sdk.wire.declared import tiers_of

_BY_MODEL = (
    Feature.TEMPERATURE,
    Feature.TOP_P,
    Feature.TOP_K,
    Feature.REASONING_EFFORT,
    Feature.REASONING_BUDGET,
    Feature.REASONING_SHOWN,
    Feature.STRICT_TOOLS,
)
_NO_FIELD = (Feature.SEED, Feature.FREQUENCY_PENALTY, Feature.PRESENCE_PENALTY, Feature.LOGPROBS)

FEATURES: Features = {
    **each(Feature, SENT),
    **each(_BY_MODEL, BY_MODEL),
    **each(_NO_FIELD, dropped("")),
    **each((Feature.AUDIO, Feature.VIDEO), refused("the API has neither")),
    Feature.JSON_OBJECT: mapped("JSON was asked for in the system prompt"),
    Feature.ALLOWED_TOOLS: mapped("only these tools were offered"),
    Feature.IMAGE_DETAIL: dropped("the API has no levels of detail"),
    **tiers_of(TIERS),
}
FORMATS: Mapping[str, Features] = {"anthropic": FEATURES}
"""By the name of the provider."""

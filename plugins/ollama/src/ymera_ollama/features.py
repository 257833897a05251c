"""What Ollama's API does with what a prompt can ask for."""

from collections.abc import Mapping

from ymera_service.sdk.features import BY_MODEL, IGNORED, SENT, Feature, Features, dropped, each, mapped, refused
from ymera_service.sdk.wire.declared import tiers_of

_HOSTED = (Feature.WEB_SEARCH, Feature.CODE_EXECUTION, Feature.MAX_TOOL_CALLS)
_MEDIA = (Feature.IMAGE_URI, Feature.AUDIO, Feature.VIDEO, Feature.FILE, Feature.FILE_URI, Feature.FILE_ID)

FEATURES: Features = {
    **each(Feature, SENT),
    **each(_HOSTED, refused("the server runs no tools")),
    **each(_MEDIA, refused("the API takes text and the bytes of pictures alone")),
    Feature.REASONING_EFFORT: BY_MODEL,
    Feature.REASONING_OFF: BY_MODEL,
    Feature.REASONING_BUDGET: BY_MODEL,
    Feature.REASONING_SHOWN: BY_MODEL,
    Feature.REASONING_HIDDEN: BY_MODEL,
    Feature.STRICT_TOOLS: dropped("the API does not enforce schemas of tools"),
    Feature.TOOL_REQUIRED: mapped("the API can't demand a call: the system prompt asks for one"),
    Feature.TOOL_BY_NAME: mapped("the API can't demand a call: the system prompt asks for one"),
    Feature.TOOL_NONE: mapped("no tools were offered"),
    Feature.ALLOWED_TOOLS: mapped("only these tools were offered"),
    Feature.ONE_CALL_AT_A_TIME: dropped("the API can't forbid parallel calls"),
    Feature.TOOL_ERROR: dropped("the API does not mark a failure of a tool: its text has to say so"),
    Feature.IMAGE_DETAIL: dropped("the API has no levels of detail"),
    Feature.FILENAME: dropped("the API has no names of files"),
    Feature.CACHE: IGNORED,
    **tiers_of({}),
}
FORMATS: Mapping[str, Features] = {"ollama": FEATURES}
"""By the name of the provider."""

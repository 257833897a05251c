"""What Cohere's chat API does with what a prompt can ask for."""

from collections.abc import Mapping

from ymera_service.sdk.features import BY_MODEL, IGNORED, SENT, Feature, Features, dropped, each, mapped, refused
from ymera_service.sdk.wire.declared import tiers_of

_HOSTED = (Feature.WEB_SEARCH, Feature.CODE_EXECUTION, Feature.MAX_TOOL_CALLS)
_MEDIA = (Feature.AUDIO, Feature.VIDEO, Feature.FILE_URI, Feature.FILE_ID, Feature.TOOL_IMAGE)
_DOCUMENTS = (Feature.FILE, Feature.FILENAME)

FEATURES: Features = {
    **each(Feature, SENT),
    **each(_HOSTED, refused("the API has no tools that it runs itself")),
    **each(_MEDIA, refused("the API takes text and pictures alone")),
    **each(_DOCUMENTS, refused("of documents, the API takes those of text alone")),
    Feature.LOGPROBS: dropped(""),
    Feature.REASONING_EFFORT: BY_MODEL,
    Feature.REASONING_BUDGET: BY_MODEL,
    Feature.REASONING_SHOWN: BY_MODEL,
    Feature.REASONING_HIDDEN: BY_MODEL,
    Feature.TOOL_BY_NAME: mapped("only this tool was offered, and a call required"),
    Feature.ALLOWED_TOOLS: mapped("only these tools were offered"),
    Feature.ONE_CALL_AT_A_TIME: dropped("the API can't forbid parallel calls"),
    Feature.TOOL_ERROR: dropped("the API does not mark a failure of a tool: its text has to say so"),
    Feature.CACHE: IGNORED,
    **tiers_of({}),
}
FORMATS: Mapping[str, Features] = {"cohere": FEATURES}
"""By the name of the provider."""

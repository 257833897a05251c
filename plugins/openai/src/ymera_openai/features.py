"""What OpenAI's dialects do with what a prompt can ask for, which differs by vendor."""

from collections.abc import Iterator

from ymera_openai.quirks import Quirks, ReasoningControl, ReasoningEcho
from ymera_service.sdk.features import (
    BY_MODEL,
    IGNORED,
    SENT,
    Feature,
    Features,
    Treatment,
    dropped,
    each,
    mapped,
    refused,
)
from ymera_service.sdk.wire.declared import tiers_of

_UNMARKED = dropped("the API does not mark a failure of a tool: its text has to say so")
_NO_TOOL = refused("the vendor has no such tool in chat completions")
_ONLY_TEXT = (
    Feature.JSON_OBJECT,
    Feature.JSON_SCHEMA,
    Feature.TOOLS,
    Feature.STRICT_TOOLS,
    Feature.TOOL_REQUIRED,
    Feature.TOOL_BY_NAME,
    Feature.TOOL_NONE,
    Feature.ALLOWED_TOOLS,
    Feature.ONE_CALL_AT_A_TIME,
    Feature.TOOL_ERROR,
    Feature.TOOL_IMAGE,
    Feature.WEB_SEARCH,
    Feature.CODE_EXECUTION,
    Feature.MAX_TOOL_CALLS,
    Feature.IMAGE,
    Feature.IMAGE_URI,
    Feature.IMAGE_DETAIL,
    Feature.AUDIO,
    Feature.VIDEO,
    Feature.FILE,
    Feature.FILE_URI,
    Feature.FILE_ID,
    Feature.FILENAME,
)
_BY_FAMILY = (
    Feature.TEMPERATURE,
    Feature.TOP_P,
    Feature.STOP_SEQUENCES,
    Feature.FREQUENCY_PENALTY,
    Feature.PRESENCE_PENALTY,
    Feature.LOGPROBS,
)
_THINKING = (Feature.REASONING_EFFORT, Feature.REASONING_OFF, Feature.REASONING_BUDGET)
_NO_FIELD = (
    Feature.TOP_K,
    Feature.REASONING_EFFORT,
    Feature.REASONING_BUDGET,
    Feature.REASONING_SHOWN,
)
_NOT_IN_RESPONSES = (
    Feature.TOP_K,
    Feature.STOP_SEQUENCES,
    Feature.SEED,
    Feature.FREQUENCY_PENALTY,
    Feature.PRESENCE_PENALTY,
)

COMPLETIONS: Features = {
    **each(Feature, SENT),
    **each(_ONLY_TEXT, refused("the API takes and returns text alone")),
    **each(_NO_FIELD, dropped("")),
    Feature.CACHE: IGNORED,
    **tiers_of({}),
}


def of_chat(quirks: Quirks) -> Features:
    """Returns what a vendor's chat completions do."""
    return {
        **each(Feature, SENT),
        **dict(_of_sampling(quirks)),
        **dict(_of_thinking(quirks)),
        **dict(_of_tools(quirks)),
        **dict(_of_media(quirks)),
        **tiers_of(quirks.tiers),
    }


def of_responses(quirks: Quirks) -> Features:
    """Returns what the Responses API does."""
    return {
        **each(Feature, SENT),
        **each(_BY_FAMILY, BY_MODEL),
        **each(_NOT_IN_RESPONSES, dropped("")),
        **each((*_THINKING, Feature.REASONING_SHOWN), BY_MODEL),
        Feature.TOOL_ERROR: _UNMARKED,
        Feature.AUDIO: refused("the API takes no audio"),
        Feature.VIDEO: refused("the API takes no videos"),
        Feature.CACHE: IGNORED,
        **tiers_of(quirks.tiers),
    }


def _of_sampling(quirks: Quirks) -> Iterator[tuple[Feature, Treatment]]:
    if quirks.openai_families:
        yield from dict.fromkeys(_BY_FAMILY, BY_MODEL).items()
    if not quirks.penalties:
        yield Feature.FREQUENCY_PENALTY, dropped("")
        yield Feature.PRESENCE_PENALTY, dropped("")
    if not quirks.top_k:
        yield Feature.TOP_K, dropped("")
    if not quirks.seed:
        yield Feature.SEED, dropped("")
    if not quirks.cache_control:
        yield Feature.CACHE, IGNORED


def _of_thinking(quirks: Quirks) -> Iterator[tuple[Feature, Treatment]]:
    control, shown = quirks.reasoning, quirks.echo is not ReasoningEcho.NONE
    if quirks.openai_families:
        yield from dict.fromkeys(_THINKING, BY_MODEL).items()
    elif control is ReasoningControl.NONE:
        yield from dict.fromkeys(_THINKING, dropped("")).items()
    elif control not in (ReasoningControl.OBJECT, ReasoningControl.ENABLE_THINKING):
        yield Feature.REASONING_BUDGET, mapped("")
    if control is not ReasoningControl.OBJECT:
        yield (Feature.REASONING_HIDDEN if shown else Feature.REASONING_SHOWN), dropped("")


def _of_tools(quirks: Quirks) -> Iterator[tuple[Feature, Treatment]]:
    yield Feature.TOOL_ERROR, _UNMARKED
    if not quirks.json_schema:
        yield Feature.JSON_SCHEMA, mapped("it was sent as an instruction, with JSON mode")
    if not quirks.strict_tools:
        yield Feature.STRICT_TOOLS, dropped("the provider does not enforce schemas of tools")
    if not quirks.allowed_tools:
        yield Feature.ALLOWED_TOOLS, mapped("only these tools were offered")
    if not quirks.parallel_tool_calls:
        yield Feature.ONE_CALL_AT_A_TIME, dropped("the provider does not accept it")
    yield Feature.CODE_EXECUTION, _NO_TOOL
    yield Feature.MAX_TOOL_CALLS, dropped("chat completions have no such limit")
    if not quirks.web_search:
        yield Feature.WEB_SEARCH, _NO_TOOL
        yield Feature.MAX_TOOL_CALLS, _NO_TOOL


def _of_media(quirks: Quirks) -> Iterator[tuple[Feature, Treatment]]:
    if quirks.openai_families or quirks.mistral:
        yield Feature.VIDEO, refused("the vendor's chat completions do not accept videos")

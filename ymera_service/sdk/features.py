"""What a prompt can ask for, and what a wire format does with each of it.

A plugin declares it per format as `Features`, in a module `features`. The declaration drives the warnings that hold for
every model (`ymera_service.sdk.wire.adaptations.declared`), the conformance kit compares it with what is sent
(`FeaturesContract`), and the page of the docs on vendors is made from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Feature(StrEnum):
    """One thing to ask for. Its value is its name in the docs."""

    TEMPERATURE = "temperature"
    TOP_P = "top-p"
    TOP_K = "top-k"
    MAX_OUTPUT_TOKENS = "limit of output tokens"
    STOP_SEQUENCES = "stop sequences"
    SEED = "seed"
    FREQUENCY_PENALTY = "frequency penalty"
    PRESENCE_PENALTY = "presence penalty"
    LOGPROBS = "probabilities of tokens"
    REASONING_EFFORT = "effort of thinking"
    REASONING_OFF = "no thinking"
    REASONING_BUDGET = "budget of thinking"
    REASONING_SHOWN = "readable thinking"
    REASONING_HIDDEN = "no readable thinking"
    JSON_OBJECT = "JSON"
    JSON_SCHEMA = "JSON of a schema"
    TOOLS = "tools"
    STRICT_TOOLS = "strict tools"
    TOOL_REQUIRED = "a call is required"
    TOOL_BY_NAME = "a call of one tool is required"
    TOOL_NONE = "no call"
    ALLOWED_TOOLS = "some tools are allowed"
    ONE_CALL_AT_A_TIME = "no parallel calls"
    TOOL_ERROR = "a tool's failure"
    TOOL_IMAGE = "a tool's picture"
    WEB_SEARCH = "the vendor's web search"
    CODE_EXECUTION = "the vendor's code execution"
    MAX_TOOL_CALLS = "limit of the vendor's calls"
    IMAGE = "picture"
    IMAGE_URI = "picture by address"
    IMAGE_DETAIL = "detail of a picture"
    AUDIO = "audio"
    VIDEO = "video"
    FILE = "document"
    FILE_URI = "document by address"
    FILE_ID = "document that the vendor keeps"
    FILENAME = "name of a document"
    CACHE = "hint to cache"
    FLEX = "service tier flex"
    PRIORITY = "service tier priority"


class Support(StrEnum):
    """What becomes of a feature."""

    SENT = "sent"
    """As it was asked for."""
    MAPPED = "mapped"
    """In another way, with a warning; a strict request fails."""
    DROPPED = "dropped"
    """Left out, with a warning; a strict request fails."""
    IGNORED = "ignored"
    """Left out without a warning: a hint that changes no answer."""
    REFUSED = "refused"
    """The request fails with `InvalidProviderRequest`."""
    BY_MODEL = "by model"
    """Sent to the models that accept it, mapped or dropped with a warning for others."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """What becomes of a feature, and in which way or for what reason, as a warning says it."""

    support: Support
    detail: str = ""


Features = Mapping[Feature, Treatment]
"""What a format does with every feature."""

SENT = Treatment(Support.SENT)
IGNORED = Treatment(Support.IGNORED)
BY_MODEL = Treatment(Support.BY_MODEL)


def mapped(detail: str) -> Treatment:
    """Returns that a feature is expressed in another way."""
    return Treatment(Support.MAPPED, detail)


def dropped(detail: str) -> Treatment:
    """Returns that a feature is left out."""
    return Treatment(Support.DROPPED, detail)


def refused(detail: str) -> Treatment:
    """Returns that a request for a feature fails."""
    return Treatment(Support.REFUSED, detail)


def each(features: Iterable[Feature], treatment: Treatment) -> Features:
    """Returns the same treatment for several features."""
    return dict.fromkeys(features, treatment)

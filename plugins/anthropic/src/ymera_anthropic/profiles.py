"""The parameters that each family of Claude models accepts, used where the API's listing does not state them."""

import re
from dataclasses import dataclass, replace
from enum import Enum

from ymera_service.sdk.models import Capability

ASCENDING = ("low", "medium", "high", "xhigh", "max")
EFFORTS = frozenset(ASCENDING)
"""All that the API knows."""
_USUAL = EFFORTS - {"xhigh", "max"}

_TEXT = frozenset({Capability.TOOLS})
_IMAGES = _TEXT | {Capability.IMAGE_INPUT}
_FILES = _IMAGES | {Capability.FILE_INPUT, Capability.WEB_SEARCH, Capability.CODE_EXECUTION}
_THINKING = _FILES | {Capability.REASONING}
_ALL = _THINKING | {Capability.STRUCTURED_OUTPUT}


class Samplers(Enum):
    """Which of temperature, top_p and top_k a model accepts."""

    ALL = "all"
    ONE = "temperature or top_p, not both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a model accepts.

    Attributes:
        context_window: Tokens of prompt and answer together; 0 if not known.
        max_output_tokens: Tokens of an answer; 0 if not known.
        capabilities: Capabilities beyond text.
        unknown: Capabilities that it may have, or has in part: a model without schemas is asked for JSON in words.
        thinking: The values of `thinking.type` that it accepts.
        efforts: The values of `output_config.effort` that it accepts.
        thinks_by_default: Whether it thinks unless a request disables thinking.
        hides_thinking: Whether it omits the text of its thinking unless a request asks for it.
        samplers: Which sampling parameters it accepts.
        deprecated: Whether its end is announced; None if that is not known.
    """

    context_window: int = 0
    max_output_tokens: int = 0
    capabilities: frozenset[Capability] = _TEXT
    thinking: frozenset[str] = frozenset()
    efforts: frozenset[str] = frozenset()
    thinks_by_default: bool = False
    hides_thinking: bool = False
    samplers: Samplers = Samplers.ALL
    unknown: frozenset[Capability] = frozenset({Capability.STRUCTURED_OUTPUT, Capability.FILE_INPUT})
    deprecated: bool | None = None


_OTHER_VENDOR = Profile(
    thinking=frozenset({"enabled", "disabled"}),
    thinks_by_default=True,
    unknown=frozenset(Capability) - {Capability.AUDIO_INPUT, Capability.VIDEO_INPUT, Capability.LOGPROBS},
)
"""A model of another vendor whose endpoint implements the Messages API."""

_V3 = Profile(200_000, 4_096, _IMAGES)
_V3_7 = replace(_V3, max_output_tokens=64_000, capabilities=_THINKING, thinking=frozenset({"enabled", "disabled"}))
_V4_5 = replace(_V3_7, capabilities=_ALL, samplers=Samplers.ONE)
_V4_6 = replace(
    _V4_5,
    context_window=1_000_000,
    max_output_tokens=128_000,
    thinking=frozenset({"adaptive", "enabled", "disabled"}),
    efforts=_USUAL | {"max"},
)
_V4_7 = replace(
    _V4_6,
    thinking=frozenset({"adaptive", "disabled"}),
    efforts=EFFORTS,
    hides_thinking=True,
    samplers=Samplers.NONE,
)
_V5 = replace(_V4_7, thinks_by_default=True)
_ALWAYS_THINKING = replace(_V5, thinking=frozenset({"adaptive"}))

_GENERATIONS: tuple[tuple[tuple[int, int], str, Profile], ...] = (
    ((5, 5), "sonnet", replace(_V5, thinking=frozenset({"adaptive", "between_tools"}))),
    ((5, 5), "haiku", _V5),
    ((5, 5), "", _ALWAYS_THINKING),
    ((5, 0), "fable", _ALWAYS_THINKING),
    ((5, 0), "mythos", _ALWAYS_THINKING),
    ((5, 0), "", _V5),
    ((4, 7), "", _V4_7),
    ((4, 6), "", _V4_6),
    ((4, 5), "opus", replace(_V4_5, efforts=_USUAL)),
    ((4, 5), "", _V4_5),
    ((4, 1), "opus", replace(_V4_5, max_output_tokens=32_000)),
    ((4, 0), "opus", replace(_V3_7, max_output_tokens=32_000)),
    ((3, 7), "", _V3_7),
    ((3, 5), "", replace(_V3, max_output_tokens=8_192, capabilities=_FILES)),
    ((3, 0), "", _V3),
    ((0, 0), "", Profile(100_000, 4_096, frozenset())),
)
"""The first version, the family (empty means every family), and the profile; newest first."""

_NAME = re.compile(
    r"claude-(?:(?P<family>[a-z]+)-)?(?P<major>\d)(?:[-.](?P<minor>\d{1,2})(?!\d))?(?:-(?P<after>[a-z]+))?"
)


def family_profile(model: str) -> Profile:
    """Returns the profile for a model's name, such as `claude-opus-4-5-20251101`.

    Other vendors' spellings, such as `anthropic/claude-3.5-sonnet`, are recognised too. A Claude model whose version
    is not recognised gets the profile of the latest models.
    """
    name = _NAME.search(model)
    if name is None:
        return _ALWAYS_THINKING if "claude" in model else _OTHER_VENDOR
    version = (int(name["major"]), int(name["minor"] or 0))
    family = name["family"] or name["after"] or ""
    return next(profile for since, only, profile in _GENERATIONS if version >= since and only in {"", family})

"""What each family of Claude models takes, for where the API's own listing does not tell."""

import re
from dataclasses import dataclass, replace
from enum import Enum

from ymera_service.sdk.models import Capability

EFFORTS = frozenset({"low", "medium", "high"})

_TEXT = frozenset({Capability.TOOLS})
_IMAGES = _TEXT | {Capability.IMAGE_INPUT}
_FILES = _IMAGES | {Capability.FILE_INPUT}
_THINKING = _FILES | {Capability.REASONING}
_ALL = _THINKING | {Capability.STRUCTURED_OUTPUT}


class Samplers(Enum):
    """Which of temperature, top_p and top_k a model takes."""

    ALL = "all"
    ONE = "temperature or top_p, not both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a model takes.

    Attributes:
        context_window: Tokens of prompt and answer together; 0 where not known.
        max_output_tokens: Tokens of an answer; 0 where not known.
        capabilities: What it can do beyond text.
        thinking: The values of `thinking.type` that it accepts.
        efforts: The values of `output_config.effort` that it accepts.
        thinks_unasked: It thinks unless told not to.
        thinks_in_secret: It leaves the text of its thinking out unless asked to show it.
        samplers: Which sampling parameters it takes.
    """

    context_window: int = 0
    max_output_tokens: int = 0
    capabilities: frozenset[Capability] = _TEXT
    thinking: frozenset[str] = frozenset()
    efforts: frozenset[str] = frozenset()
    thinks_unasked: bool = False
    thinks_in_secret: bool = False
    samplers: Samplers = Samplers.ALL


_FOREIGN = Profile(thinking=frozenset({"enabled", "disabled"}), thinks_unasked=True)
"""A model of another vendor that speaks the dialect."""

_V3 = Profile(200_000, 4_096, _IMAGES)
_V3_7 = replace(_V3, max_output_tokens=64_000, capabilities=_THINKING, thinking=frozenset({"enabled", "disabled"}))
_V4_5 = replace(_V3_7, capabilities=_ALL, samplers=Samplers.ONE)
_V4_6 = replace(
    _V4_5,
    context_window=1_000_000,
    max_output_tokens=128_000,
    thinking=frozenset({"adaptive", "enabled", "disabled"}),
    efforts=EFFORTS,
)
_V4_7 = replace(_V4_6, thinking=frozenset({"adaptive", "disabled"}), thinks_in_secret=True, samplers=Samplers.NONE)
_V5 = replace(_V4_7, thinks_unasked=True)
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
    ((4, 5), "opus", replace(_V4_5, efforts=EFFORTS)),
    ((4, 5), "", _V4_5),
    ((4, 1), "opus", replace(_V4_5, max_output_tokens=32_000)),
    ((4, 0), "opus", replace(_V3_7, max_output_tokens=32_000)),
    ((3, 7), "", _V3_7),
    ((3, 5), "", replace(_V3, max_output_tokens=8_192, capabilities=_FILES)),
    ((3, 0), "", _V3),
    ((0, 0), "", Profile(100_000, 4_096, frozenset())),
)
"""From which version on, of which family (empty for every), newest first."""

_NAME = re.compile(
    r"claude-(?:(?P<family>[a-z]+)-)?(?P<major>\d)(?:[-.](?P<minor>\d{1,2})(?!\d))?(?:-(?P<after>[a-z]+))?"
)


def family_profile(model: str) -> Profile:
    """Returns what is known of a model by its name, such as `claude-opus-4-5-20251101`.

    Other vendors' ways to write it, such as `anthropic/claude-3.5-sonnet`, are known, too. A Claude model of no
    known version is taken for one of the latest.
    """
    name = _NAME.search(model)
    if name is None:
        return _ALWAYS_THINKING if "claude" in model else _FOREIGN
    version = (int(name["major"]), int(name["minor"] or 0))
    family = name["family"] or name["after"] or ""
    return next(profile for since, only, profile in _GENERATIONS if version >= since and only in {"", family})


class Profiles:
    """The profiles of one endpoint's models: as listed, else as configured for their family."""

    def __init__(self) -> None:
        self._listed: dict[str, Profile] = {}

    def of(self, model: str) -> Profile:
        """Returns what a model takes."""
        return self._listed.get(model) or family_profile(model)

    def learn(self, model: str, profile: Profile) -> None:
        """Keeps what the endpoint told of a model."""
        self._listed[model] = profile

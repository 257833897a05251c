"""What each family of models accepts, where the API's listing does not state it.

Thinking: https://ai.google.dev/gemini-api/docs/thinking, November 2026.
"""

import re
from dataclasses import dataclass, replace

from ymera_service.sdk.models import Capability, Kind

_MEDIA = frozenset({Capability.IMAGE_INPUT, Capability.AUDIO_INPUT, Capability.FILE_INPUT, Capability.VIDEO_INPUT})
_BASIC = _MEDIA | {Capability.TOOLS, Capability.STRUCTURED_OUTPUT}
_HOSTED = frozenset({Capability.WEB_SEARCH, Capability.CODE_EXECUTION})
_UNSURE = frozenset({Capability.LOGPROBS})
"""What differs by model and by API."""
_THINKING = _BASIC | _HOSTED | {Capability.REASONING}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a model accepts.

    Attributes:
        kind: What the model is for.
        capabilities: Capabilities beyond text.
        unknown: Capabilities that it may have.
        context_window: Tokens of prompt and answer together; 0 if not known.
        max_output_tokens: Tokens of an answer; 0 if not known.
        levels: The values of `thinkingLevel` that it accepts, ascending.
        budgets: The least and the highest `thinkingBudget` that it accepts; None if it has levels, or does not think.
        can_stop_thinking: Whether a budget of 0 turns thinking off.
        signed: Whether it refuses a tool call in the history without a signature.
        formats_beside_tools: Whether it accepts tools and a format of the answer in one request.
        validates: Whether it can be made to follow the schemas of tools.
    """

    kind: Kind = Kind.GENERATE
    capabilities: frozenset[Capability] = frozenset()
    unknown: frozenset[Capability] = frozenset()
    context_window: int = 0
    max_output_tokens: int = 0
    levels: tuple[str, ...] = ()
    budgets: tuple[int, int] | None = None
    can_stop_thinking: bool = False
    signed: bool = False
    formats_beside_tools: bool = False
    validates: bool = False


_OTHER_VENDOR = Profile(unknown=frozenset(Capability), levels=("low", "high"))
_GEMMA = Profile(
    capabilities=frozenset({Capability.TOOLS, Capability.STRUCTURED_OUTPUT, Capability.IMAGE_INPUT}),
    unknown=frozenset({Capability.AUDIO_INPUT, Capability.VIDEO_INPUT, Capability.FILE_INPUT, Capability.REASONING}),
    levels=("minimal", "high"),
)
_V2 = Profile(capabilities=_BASIC, unknown=_HOSTED | _UNSURE, context_window=1_048_576, max_output_tokens=8_192)
_V2_5 = replace(
    _V2,
    capabilities=_THINKING,
    unknown=_UNSURE,
    max_output_tokens=65_536,
    budgets=(0, 24_576),
    can_stop_thinking=True,
    validates=True,
)
_V3 = replace(
    _V2_5,
    budgets=None,
    can_stop_thinking=False,
    levels=("minimal", "low", "medium", "high"),
    signed=True,
    formats_beside_tools=True,
)
_LATEST = replace(_V3, levels=("low", "high"))
"""A model whose version its name does not state: with the levels that every model since version 3 accepts."""

_GENERATIONS: tuple[tuple[tuple[int, int], str, Profile], ...] = (
    ((3, 1), "pro", replace(_V3, levels=("low", "medium", "high"))),
    ((3, 0), "pro", _LATEST),
    ((3, 0), "", _V3),
    ((2, 5), "flash-lite", replace(_V2_5, budgets=(512, 24_576))),
    ((2, 5), "pro", replace(_V2_5, budgets=(128, 32_768), can_stop_thinking=False)),
    ((2, 5), "", _V2_5),
    ((0, 0), "", _V2),
)
"""The first version, the family (empty means every family), and the profile; newest first."""

_NAME = re.compile(r"gemini-(?P<major>\d+)(?:\.(?P<minor>\d+))?-?(?P<family>[a-z-]*)")
_NOT_FOR_TEXT = re.compile(
    r"tts|image|banana|audio|live|lyria|veo|computer-use|deep-research|antigravity|translate|streaming"
)
"""In names of models that write something other than text, or only through another API."""


def family_profile(model: str) -> Profile:
    """Returns the profile for a model's name, such as `gemini-2.5-flash-lite-preview-09-2025`."""
    if "embedding" in model:
        return Profile(kind=Kind.EMBED)
    return Profile(kind=Kind.OTHER) if _NOT_FOR_TEXT.search(model) else _of_name(model)


def _of_name(model: str) -> Profile:
    name = _NAME.search(model)
    if name is None:
        return _LATEST if "gemini" in model else _GEMMA if "gemma" in model else _OTHER_VENDOR
    version = (int(name["major"]), int(name["minor"] or 0))
    return next(
        profile for since, family, profile in _GENERATIONS if version >= since and name["family"].startswith(family)
    )


def without_thinking(profile: Profile) -> Profile:
    """Returns the profile of a model that the listing says does not think."""
    capabilities = profile.capabilities - {Capability.REASONING}
    unknown = profile.unknown - {Capability.REASONING}
    return replace(profile, capabilities=capabilities, unknown=unknown, levels=(), budgets=None)

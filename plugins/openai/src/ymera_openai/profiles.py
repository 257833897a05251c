"""Profiles of model families, for listings that state only names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ymera_service.sdk.models import Capability

TOOLS = Capability.TOOLS
SCHEMA = Capability.STRUCTURED_OUTPUT
IMAGES = Capability.IMAGE_INPUT
AUDIO = Capability.AUDIO_INPUT
VIDEO = Capability.VIDEO_INPUT
LOGPROBS = Capability.LOGPROBS
FILES = Capability.FILE_INPUT
REASONING = Capability.REASONING
HOSTED = (Capability.WEB_SEARCH, Capability.CODE_EXECUTION)
"""What OpenAI runs itself; see `Offer.hosted` for the vendors that do."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A family's abilities and limits.

    Attributes:
        abilities: Whether its models have a capability; one that is not in it is not known, or differs by version.
        context_window: Tokens of prompt and answer together; 0 if not known.
        max_output_tokens: Tokens of an answer; 0 if not known.
    """

    abilities: Mapping[Capability, bool] = field(default_factory=dict)
    context_window: int = 0
    max_output_tokens: int = 0


def _profile(
    context_window: int, max_output_tokens: int, *has: Capability, lacks: tuple[Capability, ...] = ()
) -> Profile:
    return Profile({**dict.fromkeys(lacks, False), **dict.fromkeys(has, True)}, context_window, max_output_tokens)


UNKNOWN = Profile()
_MEDIA = (IMAGES, AUDIO, VIDEO)
_THOUGHT = (REASONING,)
_ONLY_TEXT = (*_MEDIA, REASONING)

FAMILIES = {
    "gpt-5": _profile(400_000, 128_000, TOOLS, SCHEMA, IMAGES, FILES, REASONING, *HOSTED),
    "gpt-5-chat": _profile(128_000, 16_384, TOOLS, SCHEMA, IMAGES, FILES, LOGPROBS, lacks=_THOUGHT),
    "gpt-4.1": _profile(1_047_576, 32_768, TOOLS, SCHEMA, IMAGES, FILES, *HOSTED, LOGPROBS, lacks=_THOUGHT),
    "gpt-4o": _profile(128_000, 16_384, TOOLS, SCHEMA, IMAGES, FILES, *HOSTED, LOGPROBS, lacks=_THOUGHT),
    "gpt-4o-audio": _profile(128_000, 16_384, TOOLS, AUDIO, lacks=(*_THOUGHT, *HOSTED)),
    "gpt-4o-mini-audio": _profile(128_000, 16_384, TOOLS, AUDIO, lacks=(*_THOUGHT, *HOSTED)),
    "gpt-audio": _profile(128_000, 16_384, TOOLS, AUDIO, lacks=(*_THOUGHT, *HOSTED)),
    "gpt-4-turbo": _profile(128_000, 4_096, TOOLS, IMAGES, LOGPROBS, lacks=(*_THOUGHT, *HOSTED)),
    "gpt-4": _profile(8_192, 8_192, TOOLS, LOGPROBS, lacks=(*_THOUGHT, *HOSTED)),
    "gpt-3.5-turbo": _profile(16_385, 4_096, TOOLS, LOGPROBS, lacks=(*_ONLY_TEXT, *HOSTED)),
    "gpt-3.5-turbo-instruct": _profile(4_096, 4_096, LOGPROBS, lacks=(TOOLS, SCHEMA, FILES, *_ONLY_TEXT, *HOSTED)),
    "gpt-oss": _profile(131_072, 0, TOOLS, SCHEMA, REASONING, lacks=_MEDIA),
    "o1": _profile(200_000, 100_000, TOOLS, SCHEMA, IMAGES, FILES, REASONING, lacks=(LOGPROBS,)),
    "o1-mini": _profile(128_000, 65_536, REASONING, lacks=(LOGPROBS, *_MEDIA, *HOSTED)),
    "o3": _profile(200_000, 100_000, TOOLS, SCHEMA, IMAGES, FILES, REASONING, *HOSTED, lacks=(LOGPROBS,)),
    "o3-mini": _profile(200_000, 100_000, TOOLS, SCHEMA, REASONING, lacks=(LOGPROBS, *_MEDIA)),
    "o4-mini": _profile(200_000, 100_000, TOOLS, SCHEMA, IMAGES, FILES, REASONING, *HOSTED, lacks=(LOGPROBS,)),
    "deepseek": _profile(131_072, 0, TOOLS, REASONING),
    "deepseek-chat": _profile(131_072, 8_192, TOOLS),
    "deepseek-v3": _profile(131_072, 0, TOOLS),
    "deepseek-r1": _profile(131_072, 0, REASONING),
    "grok-2": _profile(131_072, 0, TOOLS, SCHEMA, lacks=_THOUGHT),
    "grok-2-vision": _profile(32_768, 0, TOOLS, SCHEMA, IMAGES, lacks=_THOUGHT),
    "grok-3": _profile(131_072, 0, TOOLS, SCHEMA, lacks=_THOUGHT),
    "grok-3-mini": _profile(131_072, 0, TOOLS, SCHEMA, REASONING),
    "grok": _profile(256_000, 0, TOOLS, SCHEMA, IMAGES, REASONING),
    "mistral": _profile(131_072, 0, TOOLS, SCHEMA),
    "mistral-medium": _profile(131_072, 0, TOOLS, SCHEMA, IMAGES),
    "magistral": _profile(131_072, 0, TOOLS, SCHEMA, REASONING),
    "voxtral": _profile(32_768, 0, AUDIO, lacks=_THOUGHT),
    "codestral": _profile(262_144, 0, TOOLS, SCHEMA, lacks=_THOUGHT),
    "devstral": _profile(131_072, 0, TOOLS, SCHEMA, lacks=_THOUGHT),
    "ministral": _profile(131_072, 0, TOOLS, SCHEMA, lacks=_THOUGHT),
    "pixtral": _profile(131_072, 0, TOOLS, SCHEMA, IMAGES, lacks=_THOUGHT),
    "kimi": _profile(262_144, 0, TOOLS, SCHEMA),
    "kimi-k2-thinking": _profile(262_144, 0, TOOLS, SCHEMA, REASONING),
    "moonshot-v1": _profile(131_072, 0, TOOLS, lacks=_THOUGHT),
    "glm": _profile(131_072, 0, TOOLS, REASONING),
    "qwen": _profile(131_072, 0, TOOLS),
    "qwen3": _profile(131_072, 0, TOOLS, REASONING),
    "qwen2.5": _profile(32_768, 0, TOOLS),
    "qwen-vl": _profile(131_072, 0, IMAGES),
    "qwq": _profile(131_072, 0, TOOLS, REASONING),
    "llama-3": _profile(131_072, 0, TOOLS, lacks=_THOUGHT),
    "llama3": _profile(131_072, 0, TOOLS, lacks=_THOUGHT),
    "llama-4": _profile(131_072, 0, TOOLS, IMAGES, lacks=_THOUGHT),
    "llama4": _profile(131_072, 0, TOOLS, IMAGES, lacks=_THOUGHT),
    "meta-llama-3": _profile(131_072, 0, TOOLS, lacks=_THOUGHT),
    "gemini": _profile(1_048_576, 65_536, TOOLS, SCHEMA, IMAGES, AUDIO, VIDEO, FILES, REASONING),
    "gemma-3": _profile(131_072, 0, IMAGES),
    "claude": _profile(200_000, 0, TOOLS, IMAGES, FILES, REASONING),
    "sonar": _profile(128_000, 0, SCHEMA, IMAGES),
    "sonar-reasoning": _profile(128_000, 0, SCHEMA, IMAGES, REASONING),
    "sonar-deep-research": _profile(128_000, 0, SCHEMA, REASONING),
    "nemotron": _profile(131_072, 0, TOOLS, REASONING),
    "command": _profile(128_000, 0, TOOLS, SCHEMA),
}
"""By prefix of the name; the longest matching prefix applies."""

_LONGEST_FIRST = tuple(sorted(FAMILIES, key=len, reverse=True))
_FIXED_SAMPLING = re.compile(r"(o[134]|gpt-5(?!-chat|\.))(-|$)")
_DEVELOPER = re.compile(r"o[134](-|$)|gpt-[5-9]|codex-")
_ADJUSTABLE = re.compile(r"gpt-[5-9]\.|gpt-[6-9]")
_RESPONSES_ONLY = re.compile(r"(o[134]|gpt-[5-9][\d.]*)(-\w+)*-(pro|codex|deep-research)\b|codex-|computer-use")
_COMPLETIONS_ONLY = re.compile(r"gpt-3\.5-turbo-instruct|davinci-|babbage-")


@lru_cache(maxsize=4096)
def profile_of(name: str) -> Profile:
    """Returns the profile for a model's name; a vendor's prefix, as in `openai/gpt-5`, is ignored."""
    bare = bare_name(name)
    for family in _LONGEST_FIRST:
        if bare.startswith(family):
            return FAMILIES[family]
    return UNKNOWN


def bare_name(name: str) -> str:
    """Returns the name in lower case, without a vendor's prefix and without the prefix of a fine-tuned model."""
    return name.lower().removeprefix("ft:").rpartition("/")[2]


def reasons(name: str) -> bool | None:
    """Returns whether a model thinks before it answers; None if that is not known."""
    return profile_of(name).abilities.get(REASONING)


def has_developer(name: str) -> bool:
    """Returns whether a model is one of OpenAI's that calls the author of instructions `developer`."""
    return _DEVELOPER.match(bare_name(name)) is not None and reasons(name) is not False


def accepts_sampling(name: str, *, thinking: bool) -> bool:
    """Returns whether a model accepts temperature, top_p, penalties and stop sequences.

    OpenAI's reasoning models refuse them; from GPT-5.1 on only if thinking is enabled.
    """
    bare = bare_name(name)
    if _FIXED_SAMPLING.match(bare):
        return False
    return not (thinking and _ADJUSTABLE.match(bare))


def needs_responses(name: str) -> bool:
    """Returns whether OpenAI offers a model only through its Responses API."""
    return _RESPONSES_ONLY.match(bare_name(name)) is not None


def needs_completions(name: str) -> bool:
    """Returns whether OpenAI offers a model only through its legacy completions API."""
    return _COMPLETIONS_ONLY.match(bare_name(name)) is not None

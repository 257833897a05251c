"""What each family of models accepts through Converse, which the API's listing does not state.

See https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html and the
pages of the vendors under "model parameters", November 2026.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum

from ymera_bedrock.api import Api
from ymera_service.sdk.models import Capability, Kind

_T, _I, _F = Capability.TOOLS, Capability.IMAGE_INPUT, Capability.FILE_INPUT
_S, _R, _V = Capability.STRUCTURED_OUTPUT, Capability.REASONING, Capability.VIDEO_INPUT
_HOSTED = frozenset({Capability.WEB_SEARCH, Capability.CODE_EXECUTION})

EFFORTS = ("low", "medium", "high", "xhigh", "max")
"""Ascending."""


class Thinking(Enum):
    """How a model is asked to think."""

    NONE = "not at all"
    BUDGET = "thinking with budget_tokens, of Claude"
    ADAPTIVE = "thinking that is adaptive, of Claude, and outputConfig.effort"
    NOVA = "reasoningConfig with maxReasoningEffort"
    EFFORT = "reasoning_effort"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a model accepts.

    Attributes:
        kind: What the model is for.
        capabilities: Capabilities beyond text.
        unknown: Capabilities that it may have.
        context_window: Tokens of prompt and answer together; 0 if not known.
        max_output_tokens: Tokens of an answer; 0 if not known.
        thinking: How it is asked to think.
        efforts: The efforts that it accepts.
        thinks_by_default: Whether it thinks unless a request disables thinking.
        samplers: Which of `temperature` and `topP` it accepts.
        one_sampler: Whether it accepts only one of them in a request; `temperature` is then sent.
        top_k: The path of top_k in `additionalModelRequestFields`; empty if it has none.
        choices: The members of `toolChoice` that it accepts besides `auto`.
        caches: Whether it accepts cache points.
        caches_tools: Whether it accepts them after tools.
        caches_hours: Whether they may be kept for an hour.
        signs: Whether it gets its reasoning back, with the signature.
        closes_schemas: Whether objects in a schema must name all their properties.
        streams: Whether it answers piece by piece.
        deprecated: Whether its end is announced; None if that is not known.
        api: How it is called.
    """

    kind: Kind = Kind.GENERATE
    capabilities: frozenset[Capability] = frozenset()
    unknown: frozenset[Capability] = frozenset()
    context_window: int = 0
    max_output_tokens: int = 0
    thinking: Thinking = Thinking.NONE
    efforts: tuple[str, ...] = ()
    thinks_by_default: bool = False
    samplers: frozenset[str] = frozenset({"temperature", "topP"})
    one_sampler: bool = False
    top_k: tuple[str, ...] = ()
    choices: frozenset[str] = frozenset({"any", "tool"})
    caches: bool = False
    caches_tools: bool = False
    caches_hours: bool = False
    signs: bool = False
    closes_schemas: bool = False
    streams: bool = True
    deprecated: bool | None = None
    api: Api = Api.CONVERSE


_OTHER = Profile(unknown=frozenset(Capability) - _HOSTED - {Capability.LOGPROBS})
_TEXT = Profile(choices=frozenset())

_CLAUDE_3 = Profile(
    capabilities=frozenset({_T, _I, _F}),
    context_window=200_000,
    max_output_tokens=4_096,
    top_k=("top_k",),
    signs=True,
    closes_schemas=True,
)
_CLAUDE_3_5 = replace(_CLAUDE_3, max_output_tokens=8_192)
_CACHING = replace(_CLAUDE_3_5, caches=True, caches_tools=True)
_CLAUDE_3_7 = replace(
    _CACHING, capabilities=_CACHING.capabilities | {_R}, max_output_tokens=64_000, thinking=Thinking.BUDGET
)
_CLAUDE_4_5 = replace(_CLAUDE_3_7, capabilities=_CLAUDE_3_7.capabilities | {_S}, one_sampler=True, caches_hours=True)
_CLAUDE_4_6 = replace(
    _CLAUDE_4_5,
    context_window=1_000_000,
    max_output_tokens=128_000,
    thinking=Thinking.ADAPTIVE,
    efforts=("low", "medium", "high", "max"),
)
_CLAUDE_4_7 = replace(_CLAUDE_4_6, efforts=EFFORTS, samplers=frozenset(), top_k=())
_CLAUDE_5 = replace(_CLAUDE_4_7, thinks_by_default=True)

_NOVA = Profile(
    capabilities=frozenset({_T, _I, _F, _V}),
    context_window=300_000,
    max_output_tokens=10_000,
    top_k=("inferenceConfig", "topK"),
    caches=True,
)
_NOVA_2 = replace(
    _NOVA,
    capabilities=_NOVA.capabilities | {_R} | _HOSTED,
    context_window=1_000_000,
    max_output_tokens=64_000,
    thinking=Thinking.NOVA,
    efforts=("low", "medium", "high"),
)
_GPT_OSS = Profile(
    capabilities=frozenset({_T, _R}),
    unknown=frozenset({_S}),
    context_window=128_000,
    thinking=Thinking.EFFORT,
    efforts=("low", "medium", "high"),
    thinks_by_default=True,
)
_OPEN = Profile(capabilities=frozenset({_T}), unknown=frozenset({_S, _R, _I}))
_LLAMA = Profile(capabilities=frozenset({_T}), unknown=frozenset({_F}), choices=frozenset())
_MISTRAL = Profile(
    capabilities=frozenset({_T}), unknown=frozenset({_S, _F, _R}), choices=frozenset({"any"}), top_k=("top_k",)
)
_COMMAND = Profile(capabilities=frozenset({_T}), unknown=frozenset({_F}), choices=frozenset(), top_k=("k",))

_FAMILIES: tuple[tuple[str, Profile], ...] = (
    (r"titan-embed-text|titan-embed-g1-text|cohere\.embed", Profile(kind=Kind.EMBED)),
    (r"cohere\.rerank|amazon\.rerank", Profile(kind=Kind.RERANK)),
    (r"embed|canvas|reel|sonic|stability|image|twelvelabs|luma", Profile(kind=Kind.OTHER)),
    (r"amazon\.nova-micro", replace(_NOVA, capabilities=frozenset({_T}), context_window=128_000)),
    (r"amazon\.nova-premier", replace(_NOVA, context_window=1_000_000, capabilities=_NOVA.capabilities | _HOSTED)),
    (r"amazon\.nova-(lite|pro)", _NOVA),
    (r"amazon\.nova", _NOVA_2),
    (r"amazon\.titan|mistral\.(mistral-7b|mixtral)|ai21\.j2|meta\.llama(2|3-\d+b)|cohere\.command-(text|light)", _TEXT),
    (r"meta\.llama", _LLAMA),
    (r"mistral\.", _MISTRAL),
    (r"cohere\.command", _COMMAND),
    (r"ai21\.jamba", replace(_LLAMA, unknown=frozenset({_F}))),
    (r"deepseek\.r1", Profile(capabilities=frozenset({_R}), choices=frozenset(), thinks_by_default=True)),
    (r"openai\.gpt-oss", _GPT_OSS),
    (r"openai\.", replace(_GPT_OSS, unknown=frozenset({_S, _I, _F}), context_window=0)),
    (r"deepseek|qwen|google\.gemma|moonshot|minimax|zai\.|nvidia\.|writer\.", _OPEN),
)
"""In order: the first pattern that a name contains counts."""

_CLAUDES: tuple[tuple[tuple[int, int], str, Profile], ...] = (
    ((5, 0), "", _CLAUDE_5),
    ((4, 7), "", _CLAUDE_4_7),
    ((4, 6), "", _CLAUDE_4_6),
    ((4, 5), "", _CLAUDE_4_5),
    ((4, 0), "opus", replace(_CLAUDE_3_7, max_output_tokens=32_000)),
    ((3, 7), "", _CLAUDE_3_7),
    ((3, 5), "haiku", _CACHING),
    ((3, 5), "", _CLAUDE_3_5),
    ((3, 0), "", _CLAUDE_3),
    ((0, 0), "", replace(_TEXT, context_window=100_000, max_output_tokens=4_096, top_k=("top_k",))),
)
"""The first version, the family (empty means every family), and the profile; newest first."""
_CLAUDE = re.compile(
    r"claude-(?:(?P<family>[a-z]+)-)?v?(?P<major>\d)(?:[-.](?P<minor>\d{1,2})(?!\d))?(?:-(?P<after>[a-z]{2,}))?"
)


def family_profile(model: str) -> Profile:
    """Returns the profile for a model's name, such as `us.anthropic.claude-haiku-4-5-20251001-v1:0`, or an ARN."""
    if "claude" not in model:
        return next((profile for pattern, profile in _FAMILIES if re.search(pattern, model)), _OTHER)
    name = _CLAUDE.search(model)
    if name is None:
        return _CLAUDE_5
    version, family = (int(name["major"]), int(name["minor"] or 0)), name["family"] or name["after"] or ""
    if family == "instant":
        version = (0, 0)
    return next(profile for since, only, profile in _CLAUDES if version >= since and only in ("", family))

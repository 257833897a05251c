"""What of a request the body does not hold as the caller gave it."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from ymera_bedrock.converse_reader import FORMAT
from ymera_bedrock.features import FEATURES
from ymera_bedrock.media import document_name
from ymera_bedrock.profiles import Profile
from ymera_bedrock.requests import (
    choice_of,
    is_asked_in_words,
    offered_only_for_history,
    prevents_parallel_calls,
)
from ymera_service.sdk.content import Media, MediaKind, Message
from ymera_service.sdk.generation import (
    Adaptation,
    AdaptationKind,
    Prompt,
    ReasoningEffort,
    ResponseType,
    Sampling,
    ToolChoiceMode,
)
from ymera_service.sdk.models import Capability
from ymera_service.sdk.wire.adaptations import dropped, mapped, sampling_adaptations
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.json_reader import Json, member, text

_DECLARED = Declared(FEATURES, FORMAT)
_SENT = {
    "temperature": "temperature",
    "top_p": "topP",
    "max_output_tokens": "maxTokens",
    "stop_sequences": "stopSequences",
    "top_k": "top_k",
    "reasoning_effort": "thinking",
    "reasoning_budget_tokens": "thinking",
    "reasoning_summary": "summary",
}


def adaptations_of(prompt: Prompt, body: Json, profile: Profile) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body as it was given."""
    return (
        *_of_sampling(prompt.sampling, body, profile),
        *_of_format(prompt, profile),
        *_of_tools(prompt, profile),
        *_of_names(prompt.messages),
        *_DECLARED.of(prompt),
    )


def _of_sampling(sampling: Sampling, body: Json, profile: Profile) -> Iterator[Adaptation]:
    asked = _asked(body)
    sent = {**member(body, "inferenceConfig"), "thinking": asked or None}
    fields = member(body, "additionalModelRequestFields")
    for name in profile.top_k:
        fields = member(fields, name) if name != profile.top_k[-1] else {"top_k": fields.get(name)}
    # Models that think show it, and can't be asked to hide it.
    sent |= {"top_k": fields.get("top_k"), "summary": bool(asked) == sampling.reasoning_summary or None}
    for one in sampling_adaptations(sampling, sent, _SENT):
        quiet = sampling.reasoning_effort is ReasoningEffort.NONE and not profile.thinks_by_default
        if not (quiet and one.field.endswith("effort")):  # without a word of it, the model does not think
            yield one
    if asked:
        yield from _of_thinking(sampling, asked)


def _asked(body: Json) -> str:
    """Returns in a word how much thinking a body asks for; empty if it does not say."""
    fields = member(body, "additionalModelRequestFields")
    thinking, nova = member(fields, "thinking"), member(fields, "reasoningConfig")
    effort = text(member(body, "outputConfig"), "effort") or text(nova, "maxReasoningEffort")
    budget = thinking.get("budget_tokens")
    kind = ReasoningEffort.NONE.value if thinking.get("type") == "disabled" else text(thinking, "type")
    return effort or text(fields, "reasoning_effort") or (str(budget) if budget else kind)


def _of_thinking(sampling: Sampling, asked: str) -> Iterator[Adaptation]:
    effort, budget = sampling.reasoning_effort, sampling.reasoning_budget_tokens
    if budget and asked != str(budget):
        fewer = asked.isdigit() and int(asked) < budget
        kind = AdaptationKind.REDUCED if fewer else AdaptationKind.MAPPED
        yield Adaptation(kind, "prompt.sampling.reasoning_budget_tokens", f"{asked} was sent instead of {budget}")
    elif effort and not asked.isdigit() and asked != effort.value:
        yield mapped("prompt.sampling.reasoning_effort", f"the model accepts no {effort.value}; {asked} was sent")


def _of_format(prompt: Prompt, profile: Profile) -> Iterator[Adaptation]:
    if prompt.response_format.type is ResponseType.JSON_SCHEMA and is_asked_in_words(prompt, profile):
        yield mapped("prompt.response_format.type", "JSON was asked for in the system prompt")


def _of_tools(prompt: Prompt, profile: Profile) -> Iterator[Adaptation]:
    choice = prompt.tool_choice
    if offered_only_for_history(prompt):
        yield mapped("prompt.tool_choice.mode", "the API requires the tools of earlier calls: it was said in words")
    if not prompt.tools:
        return
    if Capability.STRUCTURED_OUTPUT not in profile.capabilities and any(tool.strict for tool in prompt.tools):
        yield dropped("prompt.tools.strict", "the model does not enforce schemas of tools")
    if choice.parallel_tool_calls is False and not prevents_parallel_calls(prompt, profile):
        yield dropped("prompt.tool_choice.parallel_tool_calls", "the API can't forbid parallel calls")
    if choice.mode is ToolChoiceMode.REQUIRED and not choice_of(prompt, profile):
        yield dropped("prompt.tool_choice.mode", "the model can't be made to call a tool")
    if choice.mode is ToolChoiceMode.TOOL and "tool" not in profile.choices:
        yield mapped("prompt.tool_choice.tool_name", "only this tool was offered")


def _of_names(messages: tuple[Message, ...]) -> Iterator[Adaptation]:
    media = [part for message in messages for part in message.parts if isinstance(part, Media)]
    if any(_is_renamed(part) for part in media):
        yield mapped("prompt.messages.parts.filename", "the API does not accept every name: it was changed")


def _is_renamed(media: Media) -> bool:
    if media.kind is not MediaKind.FILE:
        return bool(media.filename)
    return bool(media.filename) and document_name(media) != PurePosixPath(media.filename).stem

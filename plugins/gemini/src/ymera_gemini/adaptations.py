"""What of a request the body does not hold as the caller gave it."""

from collections.abc import Iterator

from ymera_gemini.contents import has_media_results, has_mixed_details
from ymera_gemini.profiles import Profile
from ymera_gemini.requests import MOST_STOP_SEQUENCES, is_asked_in_words, validates
from ymera_gemini.schemas import ignored_keywords
from ymera_gemini.thinking import replacement
from ymera_service.sdk.generation import (
    Adaptation,
    AdaptationKind,
    Prompt,
    ReasoningEffort,
    ResponseType,
    Sampling,
    ToolChoiceMode,
)
from ymera_service.sdk.wire.adaptations import dropped, mapped, sampling_adaptations
from ymera_service.sdk.wire.json_reader import Json, member

_SENT = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "max_output_tokens": "maxOutputTokens",
    "stop_sequences": "stopSequences",
    "seed": "seed",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
    "logprobs": "responseLogprobs",
    **dict.fromkeys(("reasoning_effort", "reasoning_budget_tokens"), "thinkingConfig"),
}


def adaptations_of(prompt: Prompt, body: Json, profile: Profile) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body as it was given."""
    return (
        *_of_sampling(prompt.sampling, member(body, "generationConfig")),
        *_of_format(prompt, profile),
        *(_of_tools(prompt, profile) if prompt.tools else ()),
        *_of_messages(prompt, profile),
    )


def _of_sampling(sampling: Sampling, config: Json) -> Iterator[Adaptation]:
    effort = sampling.reasoning_effort
    thinking = member(config, "thinkingConfig")
    shows = thinking.get("includeThoughts", False)
    for one in sampling_adaptations(sampling, config, _SENT):
        # Without a word of it, a model without `thinkingConfig` does not think, nor does one show its thinking.
        quiet = effort is ReasoningEffort.NONE and one.field.endswith("effort")
        if not quiet and not (one.field.endswith("summary") and sampling.reasoning_summary is shows):
            yield one
    if instead := replacement(sampling, thinking):
        name = "reasoning_budget_tokens" if effort is None else "reasoning_effort"
        yield mapped(f"prompt.sampling.{name}", f"the model does not accept it: {instead} was sent")
    if len(sampling.stop_sequences) > MOST_STOP_SEQUENCES:
        detail = f"the API accepts only {MOST_STOP_SEQUENCES}: the first ones were sent"
        yield Adaptation(AdaptationKind.REDUCED, "prompt.sampling.stop_sequences", detail)


def _of_format(prompt: Prompt, profile: Profile) -> Iterator[Adaptation]:
    wanted = prompt.response_format
    if is_asked_in_words(prompt, profile):
        yield mapped(
            "prompt.response_format.type", "the model has no JSON with tools: it was asked for in the system prompt"
        )
    elif wanted.type is ResponseType.JSON_SCHEMA and (ignored := ignored_keywords(wanted.schema)):
        yield dropped("prompt.response_format.schema", f"the API does not follow {', '.join(ignored)[:200]}")


def _of_tools(prompt: Prompt, profile: Profile) -> Iterator[Adaptation]:
    choice = prompt.tool_choice
    if (
        choice.mode is ToolChoiceMode.AUTO
        and any(tool.strict for tool in prompt.tools)
        and not validates(prompt, profile)
    ):
        yield dropped("prompt.tools.strict", "the model does not enforce schemas of tools")
    if choice.allowed_tools and choice.mode is ToolChoiceMode.AUTO:
        yield mapped("prompt.tool_choice.allowed_tools", "only these tools were offered")


def _of_messages(prompt: Prompt, profile: Profile) -> Iterator[Adaptation]:
    if has_mixed_details(prompt.messages):
        yield mapped("prompt.messages.parts.detail", "the API has one level for all: the closest was sent")
    if not profile.signed and has_media_results(prompt.messages):
        yield mapped("prompt.messages.parts.tool_result", "media follow the result that contains them")

"""What of a request the body does not hold as the caller gave it."""

from collections.abc import Iterator
from dataclasses import replace

from ymera_ollama.profiles import Profile
from ymera_service.sdk.content import Media, Message
from ymera_service.sdk.generation import Adaptation, Prompt, ReasoningEffort, Sampling, ToolChoiceMode
from ymera_service.sdk.wire.adaptations import dropped, mapped, sampling_adaptations
from ymera_service.sdk.wire.blocks import foreign_blocks
from ymera_service.sdk.wire.json_reader import Json, member
from ymera_service.sdk.wire.tiers import tier_adaptation

_SENT = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_output_tokens": "num_predict",
    "stop_sequences": "stop",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "logprobs": "logprobs",
    "reasoning_effort": "think",
    "reasoning_budget_tokens": "think",
}


def adaptations_of(prompt: Prompt, body: Json, profile: Profile) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body as it was given."""
    return (
        *_of_sampling(prompt.sampling, body, profile),
        *_of_thinking(prompt.sampling, body, profile),
        *(_of_tools(prompt) if prompt.tools else ()),
        *_of_pictures(prompt.messages),
        *foreign_blocks(prompt.messages),
        *tier_adaptation(prompt.service_tier, {}),
    )


def _of_sampling(sampling: Sampling, body: Json, profile: Profile) -> Iterator[Adaptation]:
    sent = {**body, **member(body, "options")}
    # A model that does not think need not be told.
    quiet = sampling.reasoning_effort is ReasoningEffort.NONE and profile.thinking == ()
    for one in sampling_adaptations(replace(sampling, reasoning_summary=None), sent, _SENT):
        if not (quiet and one.field.endswith("effort")):
            yield one


def _of_thinking(sampling: Sampling, body: Json, profile: Profile) -> Iterator[Adaptation]:
    sent, effort = body.get("think"), sampling.reasoning_effort
    asked = sampling.reasoning_budget_tokens is not None or effort not in (None, ReasoningEffort.NONE)
    name = "reasoning_effort" if sampling.reasoning_budget_tokens is None else "reasoning_budget_tokens"
    if sent is True and asked:
        yield mapped(f"prompt.sampling.{name}", "the model can only think or not: it was asked to think")
    elif isinstance(sent, str) and (effort is None or sent != effort.value):
        yield mapped(f"prompt.sampling.{name}", f"the model does not accept it: the level {sent} was sent")
    thinks = sent is not False and profile.thinking != ()
    if sampling.reasoning_summary is True and not thinks:
        yield dropped("prompt.sampling.reasoning_summary", "the model does not think")
    elif sampling.reasoning_summary is False and thinks:
        yield dropped("prompt.sampling.reasoning_summary", "a model that thinks shows it")


def _of_tools(prompt: Prompt) -> Iterator[Adaptation]:
    choice = prompt.tool_choice
    if choice.mode in (ToolChoiceMode.REQUIRED, ToolChoiceMode.TOOL):
        yield mapped("prompt.tool_choice.mode", "the API can't demand a call: the system prompt asks for one")
    elif choice.mode is ToolChoiceMode.NONE:
        yield mapped("prompt.tool_choice.mode", "no tools were offered")
    if choice.allowed_tools:
        yield mapped("prompt.tool_choice.allowed_tools", "only these tools were offered")
    if choice.parallel_tool_calls is False:
        yield dropped("prompt.tool_choice.parallel_tool_calls", "the API can't forbid parallel calls")
    if any(tool.strict for tool in prompt.tools):
        yield dropped("prompt.tools.strict", "the API does not enforce schemas of tools")


def _of_pictures(messages: tuple[Message, ...]) -> Iterator[Adaptation]:
    pictures = [part for message in messages for part in message.parts if isinstance(part, Media)]
    if any(picture.detail for picture in pictures):
        yield dropped("prompt.messages.parts.detail", "the API has no levels of detail")
    if any(picture.filename for picture in pictures):
        yield dropped("prompt.messages.parts.filename", "the API has no names of files")

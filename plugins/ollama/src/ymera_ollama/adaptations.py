"""What of a request the body does not hold as the caller gave it."""

from collections.abc import Iterator
from dataclasses import replace

from ymera_ollama.features import FEATURES
from ymera_ollama.profiles import Profile
from ymera_service.sdk.generation import Adaptation, Prompt, ReasoningEffort, Sampling
from ymera_service.sdk.wire.adaptations import dropped, mapped, sampling_adaptations
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.json_reader import Json, member

_DECLARED = Declared(FEATURES)
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
        *_DECLARED.of(prompt),
    )


def _of_sampling(sampling: Sampling, body: Json, profile: Profile) -> Iterator[Adaptation]:
    sent = {**body, **member(body, "options")}
    # A model that does not think needs no field to turn thinking off.
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

"""What of a request the body does not hold as the caller gave it."""

from collections.abc import Iterator
from dataclasses import replace

from ymera_cohere.features import FEATURES
from ymera_cohere.requests import MOST_STOP_SEQUENCES
from ymera_service.sdk.generation import (
    Adaptation,
    AdaptationKind,
    Prompt,
    ReasoningEffort,
    Sampling,
)
from ymera_service.sdk.wire.adaptations import dropped, mapped, sampling_adaptations
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.json_reader import Json

_DECLARED = Declared(FEATURES)
_SENT = {
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "max_output_tokens": "max_tokens",
    "stop_sequences": "stop_sequences",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "reasoning_effort": "thinking",
    "reasoning_budget_tokens": "thinking",
}


def adaptations_of(prompt: Prompt, body: Json, *, thinks: bool | None) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body as it was given."""
    return (
        *_of_sampling(prompt.sampling, body, thinks=thinks),
        *_of_thinking(prompt.sampling, body, thinks=thinks),
        *_DECLARED.of(prompt),
    )


def _of_sampling(sampling: Sampling, body: Json, *, thinks: bool | None) -> Iterator[Adaptation]:
    # A model that does not think needs no field to turn thinking off.
    quiet = sampling.reasoning_effort is ReasoningEffort.NONE and thinks is False
    for one in sampling_adaptations(replace(sampling, reasoning_summary=None), body, _SENT):
        if not (quiet and one.field.endswith("effort")):
            yield one
    if len(sampling.stop_sequences) > MOST_STOP_SEQUENCES:
        detail = f"the API accepts only {MOST_STOP_SEQUENCES}: the first ones were sent"
        yield Adaptation(AdaptationKind.REDUCED, "prompt.sampling.stop_sequences", detail)


def _of_thinking(sampling: Sampling, body: Json, *, thinks: bool | None) -> Iterator[Adaptation]:
    sent: Json = body.get("thinking") or {}
    if sent.get("type") == "enabled" and sampling.reasoning_effort:
        budget = sent.get("token_budget")
        bound = "no bound" if budget is None else f"a budget of {budget} tokens"
        yield mapped("prompt.sampling.reasoning_effort", f"the API knows no efforts: {bound} was sent")
    shown = thinks is not False and sent.get("type") != "disabled"
    if sampling.reasoning_summary is False and shown:
        yield dropped("prompt.sampling.reasoning_summary", "a model that thinks shows it")
    elif sampling.reasoning_summary is True and not shown:
        yield dropped("prompt.sampling.reasoning_summary", "the model does not think")

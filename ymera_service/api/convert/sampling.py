"""How an answer is drawn."""

from ymera.v1 import content_pb2 as pb

from ymera_service.api.convert.violations import Violations
from ymera_service.sdk.generation import ReasoningEffort, Sampling

MAX_STOP_SEQUENCES = 16
_DEFAULT = Sampling()

_EFFORTS = {
    pb.REASONING_EFFORT_UNSPECIFIED: None,
    pb.REASONING_EFFORT_NONE: ReasoningEffort.NONE,
    pb.REASONING_EFFORT_LOW: ReasoningEffort.LOW,
    pb.REASONING_EFFORT_MEDIUM: ReasoningEffort.MEDIUM,
    pb.REASONING_EFFORT_HIGH: ReasoningEffort.HIGH,
}


def sampling_of(prompt: pb.Prompt, faults: Violations) -> Sampling:
    """Returns the sampling parameters, noting those out of range under `prompt.sampling`."""
    if not prompt.HasField("sampling"):
        return _DEFAULT
    sampling = prompt.sampling
    given = {field.name: value for field, value in sampling.ListFields()}
    for name in given.keys() & _RANGES.keys():
        low, high, above = _RANGES[name]
        faults.number(f"prompt.sampling.{name}", given[name], low, high, above=above)
    return Sampling(
        temperature=given.get("temperature"),
        top_p=given.get("top_p"),
        top_k=given.get("top_k"),
        max_output_tokens=given.get("max_output_tokens"),
        stop_sequences=_stop_sequences(sampling, faults),
        seed=given.get("seed"),
        frequency_penalty=given.get("frequency_penalty"),
        presence_penalty=given.get("presence_penalty"),
        reasoning_effort=_effort(sampling, faults),
    )


_RANGES: dict[str, tuple[float, float, bool]] = {
    "temperature": (0, 2, False),
    "top_p": (0, 1, True),
    "top_k": (1, float("inf"), False),
    "max_output_tokens": (1, float("inf"), False),
    "frequency_penalty": (-2, 2, False),
    "presence_penalty": (-2, 2, False),
}


def _stop_sequences(sampling: pb.SamplingParameters, faults: Violations) -> tuple[str, ...]:
    path = "prompt.sampling.stop_sequences"
    return faults.texts(path, sampling.stop_sequences, most=MAX_STOP_SEQUENCES, max_length=0)


def _effort(sampling: pb.SamplingParameters, faults: Violations) -> ReasoningEffort | None:
    if sampling.reasoning_effort not in _EFFORTS:
        faults.add("prompt.sampling.reasoning_effort", "is not known")
    return _EFFORTS.get(sampling.reasoning_effort)

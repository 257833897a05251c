"""The models, one row each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.models import Capability, Kind, ModelInfo, Price
from ymera_simulator.settings import ModelSettings

_FORMS = frozenset({Capability.TOOLS, Capability.STRUCTURED_OUTPUT})
_MEDIA = frozenset({Capability.IMAGE_INPUT, Capability.AUDIO_INPUT, Capability.FILE_INPUT})
_THINKS = frozenset({Capability.REASONING})
_NOTHING = frozenset[Capability]()
_MICROS = 1_000_000
MAX_INPUTS = 128
"""Texts of one call for embeddings."""


@dataclass(frozen=True, slots=True)
class SimulatedModel:
    """A model: its skill, speed and price.

    Attributes:
        skill: Category → share of right answers; `default` applies to the others.
        first_token: Seconds until the first token.
        tokens_per_second: The speed after the first token.
        input_price: USD per million tokens.
        output_price: USD per million tokens.
    """

    name: str
    skill: Mapping[str, float]
    first_token: float = 0.08
    tokens_per_second: float = 400.0
    input_price: float = 1.0
    output_price: float = 4.0
    capabilities: frozenset[Capability] = _FORMS
    context_window: int = 128_000
    max_output_tokens: int = 8_192
    kind: Kind = Kind.GENERATE
    info: ModelInfo = field(init=False)

    def __post_init__(self) -> None:
        price = Price(round(self.input_price * _MICROS), round(self.output_price * _MICROS))
        info = ModelInfo(
            name=self.name,
            capabilities=self.capabilities,
            context_window=self.context_window,
            max_output_tokens=self.max_output_tokens,
            price=price,
            simulated=True,
            stated_quality={each: self.skill_in(each) for each in {*CATEGORIES, *self.skill} - {"default"}},
            kind=self.kind,
            max_batch_inputs=0 if self.kind is Kind.GENERATE else MAX_INPUTS,
        )
        object.__setattr__(self, "info", info)

    @property
    def reasons(self) -> bool:
        """Whether it emits reasoning before it answers."""
        return Capability.REASONING in self.capabilities

    def skill_in(self, category: str) -> float:
        """Returns the share of right answers in a category."""
        return self.skill.get(category, self.skill.get("default", 0.5))


TABLE = (
    SimulatedModel("sim-large", {"default": 0.97}, 0.18, 200.0, 5.0, 20.0, _FORMS | _MEDIA, 400_000, 32_768),
    SimulatedModel(
        "sim-thinker",
        {"default": 0.93, "math": 0.99, "coding": 0.96, "empathy": 0.8},
        0.2,
        250.0,
        3.0,
        15.0,
        _FORMS | _THINKS,
        200_000,
        32_768,
    ),
    SimulatedModel("sim-coder", {"default": 0.6, "coding": 0.96, "math": 0.8}, 0.1, 350.0, 1.0, 4.0),
    SimulatedModel(
        "sim-writer", {"default": 0.65, "language": 0.96, "research": 0.9, "empathy": 0.8}, 0.1, 350.0, 1.0, 4.0
    ),
    SimulatedModel("sim-empath", {"default": 0.55, "empathy": 0.96, "language": 0.8}, 0.08, 400.0, 0.8, 3.0),
    SimulatedModel("sim-small", {"default": 0.7}, 0.04, 800.0, 0.15, 0.6, _FORMS | {Capability.IMAGE_INPUT}),
    SimulatedModel("sim-free", {"default": 0.55}, 0.06, 500.0, 0.0, 0.0, frozenset(), 32_000, 4_096),
    SimulatedModel("sim-guard", {}, 0.02, input_price=0.0, output_price=0.0, capabilities=_NOTHING, kind=Kind.MODERATE),
    SimulatedModel("sim-rank", {}, 0.02, input_price=0.02, output_price=0.0, capabilities=_NOTHING, kind=Kind.RERANK),
    SimulatedModel("sim-embed", {}, 0.02, input_price=0.02, output_price=0.0, capabilities=_NOTHING, kind=Kind.EMBED),
)
"""From skilled, slow and expensive to free, with specialists between, so that routing has a choice to make; then those
for other work."""


def models_of(settings: Mapping[str, ModelSettings]) -> dict[str, SimulatedModel]:
    """Returns the table as the settings change and extend it, by name."""
    rows = {model.name: model for model in TABLE}
    for name, change in settings.items():
        rows[name] = _changed(rows.get(name) or SimulatedModel(name, {"default": 0.8}), change)
    return {name: row for name, row in rows.items() if name not in settings or settings[name].enabled}


def _changed(row: SimulatedModel, change: ModelSettings) -> SimulatedModel:
    values: dict[str, Any] = change.model_dump(exclude={"enabled", "skill", "first_token_seconds"}, exclude_none=True)
    if change.first_token_seconds is not None:
        values["first_token"] = change.first_token_seconds
    return replace(row, skill={**row.skill, **change.skill}, **values)

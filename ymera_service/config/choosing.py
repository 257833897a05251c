"""What the configuration asks of the choice of a model where a request leaves it open: by agent, and in experiments."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from ymera_service.config.sections import ModelPattern, Section

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
Text = Annotated[str, Field(min_length=1, max_length=128)]
Share = Annotated[float, Field(gt=0, le=1)]

MOST_ARMS = 8
_ROUNDING = 1e-9


class ChoiceSettings(Section):
    """The choice of a model, as in a request's preferences; what is unset stays as it is."""

    model: ModelPattern | None = None
    """The model to call: an id, a name or a pattern. Where it can't take a request, nor a fallback can, the choice is
    open."""
    fallback_models: Annotated[tuple[ModelPattern, ...], Field(max_length=16)] = ()
    """The models that are tried after it, in this order."""
    policy: Text | None = None
    """The name of what orders the models."""
    cost_quality: Annotated[float, Field(ge=0, le=1)] | None = None
    """Cost against quality: 0 takes the cheapest model, 1 the best."""

    @model_validator(mode="after")
    def _fallbacks_follow_a_model(self) -> "ChoiceSettings":
        if self.fallback_models and self.model is None:
            raise ValueError("fallback_models go with model only; set model")
        return self


class OverrideSettings(ChoiceSettings):
    """Another choice for some of an agent's requests: those that meet all conditions that are set."""

    categories: tuple[Text, ...] = ()
    """The likeliest category of the request is one of these."""
    above_tokens: Annotated[int, Field(ge=0, le=10**12)] | None = None
    """The prompt has more tokens than this, by an estimate."""
    above_complexity: Annotated[float, Field(ge=0, le=1)] | None = None
    """The request is more demanding than this: from 0 for a greeting, over 0.5 for an ordinary task, to 1."""

    @model_validator(mode="after")
    def _has_a_condition(self) -> "OverrideSettings":
        if not self.categories and self.above_tokens is None and self.above_complexity is None:
            conditions = "categories, above_tokens or above_complexity"
            raise ValueError(f"set {conditions}; without a condition it would hold for every request")
        return self


class AgentSettings(ChoiceSettings):
    """The choice for requests of an agent, which name it in `attribution.agent_name`."""

    overrides: tuple[OverrideSettings, ...] = ()
    """The first one that a request meets counts; what it leaves unset is that of the agent."""


class Unit(StrEnum):
    """What gets an arm of an experiment, and then keeps it."""

    SESSION = "session"
    CALLER = "caller"
    END_USER = "end_user"
    REQUEST = "request"


class ArmSettings(ChoiceSettings):
    """One of the choices that an experiment compares."""

    share: Share
    """Of all units, those that get this arm."""


class ExperimentSettings(Section):
    """A comparison of choices on requests as they come. The first arm is what the others are compared with."""

    unit: Unit = Unit.SESSION
    arms: Annotated[dict[Name, ArmSettings], Field(min_length=2, max_length=MOST_ARMS)]
    active: bool = True
    """Whether requests take part; otherwise only its results are shown."""
    salt: Annotated[str, Field(max_length=32)] = ""
    """Another one draws the arms of all units anew."""
    categories: tuple[Text, ...] = ()
    """Only requests whose likeliest category is one of these; empty means all. The same goes for the others."""
    callers: tuple[Text, ...] = ()
    agents: tuple[Text, ...] = ()
    labels: dict[Text, str] = Field(default_factory=dict)

    @field_validator("arms")
    @classmethod
    def _shares_are_of_a_whole(cls, arms: dict[str, ArmSettings]) -> dict[str, ArmSettings]:
        if (total := sum(arm.share for arm in arms.values())) > 1 + _ROUNDING:
            raise ValueError(f"the shares of the arms add up to {total:g}; they may add up to 1 at most")
        return arms

"""What the tables of the configuration have in common: their base class and the bounds of their values."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

YEAR = 365 * 24 * 3600

Seconds = Annotated[float, Field(gt=0, le=YEAR, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Dollars = Annotated[float, Field(ge=0, le=1_000_000)]
ModelPattern = Annotated[str, Field(min_length=1, max_length=256)]


class Section(BaseModel):
    """A table of the configuration file; unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("settings are not pickled, as they may hold secrets")

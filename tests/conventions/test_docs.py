"""The docs match the code."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from ymera_service.config import PriceSettings, Settings, TierSettings, WeightSettings

DOCS = Path(__file__).parents[2] / "ymera_service/docs"


def keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation)


@pytest.mark.parametrize(
    "key", sorted({*keys(Settings), *keys(PriceSettings), *keys(TierSettings), *keys(WeightSettings)})
)
def test_every_configuration_key_is_documented(key: str) -> None:
    assert f"{key}" in (DOCS / "configuration.md").read_text()


def test_the_example_configuration_is_valid() -> None:
    text = (DOCS / "configuration.md").read_text()
    example = text.split("```toml\n", 1)[1].split("```", 1)[0]
    import tomllib

    Settings(**tomllib.loads(example))

"""The docs match the code."""

import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel

from ymera_service.cli.app import app
from ymera_service.config import PriceSettings, Settings, TierSettings, WeightSettings

DOCS = Path(__file__).parents[2] / "ymera_service/docs"
PLUGINS = Path(__file__).parents[2] / "plugins"


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


def commands(command: Any, path: str = "ymera") -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    if command.params or not inner:
        yield path, command
    for name, each in inner.items():
        yield from commands(each, f"{path} {name}")


COMMANDS = dict(commands(typer.main.get_command(app)))
PAGE = (DOCS / "commands.md").read_text()


SECTIONS = PAGE.split("\n## ")


def is_of(path: str, section: str) -> bool:
    return section.partition("\n")[0].strip("`").partition(" [")[0].partition(" NAME")[0] == path


def options_in(text: str) -> set[str]:
    code = " ".join(re.findall(r"`([^`]*)`", text))
    return set(re.findall(r"(?:^|\s)(--?[a-z][a-z-]*)", code))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_of_a_command_is_documented_with_it_and_no_other(path: str) -> None:
    shared = SECTIONS[1]
    section = PAGE.split("## ", 1)[0] if path == "ymera" else next(part for part in SECTIONS if is_of(path, part))
    names = [name for option in COMMANDS[path].params for name in (*option.opts, *option.secondary_opts)]
    taken = {name for name in names if name.startswith("-")}
    documented = options_in(section)
    assert taken <= documented | options_in(shared), f"add them to {path} in docs/commands.md"
    assert documented <= taken | {"--help"}, f"remove them from {path} in docs/commands.md"


def nested(model: type[BaseModel]) -> Iterator[str]:
    """The keys of a model, and of those that its fields hold in any way."""
    for name, field in model.model_fields.items():
        yield name
        for inner in models_in(field.annotation):
            yield from nested(inner)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def plugins_settings() -> Iterator[tuple[str, str]]:
    for point in entry_points(group="ymera"):
        describe = getattr(point.load(), "ymera_describe", None)
        settings = describe().settings if describe else None
        if settings is not None:
            yield from ((point.name, key) for key in sorted(set(nested(settings))))


@pytest.mark.parametrize(("plugin", "key"), list(plugins_settings()))
def test_every_setting_of_a_plugin_is_documented_in_its_readme(plugin: str, key: str) -> None:
    assert key in (PLUGINS / plugin / "README.md").read_text()


def test_the_page_of_vendors_is_what_the_plugins_declare() -> None:
    specification = spec_from_file_location("vendors_page", DOCS / "vendors.py")
    assert specification
    assert specification.loader
    script = module_from_spec(specification)
    specification.loader.exec_module(script)
    assert (DOCS / "vendors.md").read_text() == script.page(), "run `uv run poe vendors`"

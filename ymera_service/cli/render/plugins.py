"""The plugins."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from ymera.v1.admin_pb2 import Plugin, PluginRegistration, PluginSetting

from ymera_service.cli.render.figures import word
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

_STYLES = {Plugin.STATE_ACTIVE: "green", Plugin.STATE_QUARANTINED: "red", Plugin.STATE_DISABLED: "dim"}


def plugins(found: Sequence[Plugin]) -> Iterator[RenderableType]:
    """Shows the plugins with the state of each."""
    if not found:
        yield clean("No plugin is installed. The folder `plugins` of Ymera's repository holds the usual ones.")
        return
    rows = [
        [
            plugin.name,
            _package(plugin),
            clean(_state(plugin), _STYLES.get(plugin.state, "")),
            "; ".join(filter(None, [_registrations(plugin), plugin.detail])),
            _hooks(plugin),
        ]
        for plugin in found
    ]
    yield table(
        ["plugin", "package", "state", "registers", "hooks"], rows, folds=("registers",), drops=("hooks", "package")
    )


def plugin(one: Plugin) -> Iterator[RenderableType]:
    """Shows everything about a plugin."""
    yield clean(f"{one.name} ({_package(one)}), {_state(one)}")
    for name, text in (
        ("from", one.origin),
        ("registers", _registrations(one)),
        ("hooks", _hooks(one)),
        ("note", one.detail),
    ):
        if text:
            yield clean(f"{name}: {text}")
    if one.settings:
        rows = [[each.name, each.type, each.default_value, each.value, _source(each)] for each in one.settings]
        yield table(
            ["setting", "type", "default", "value", "source"],
            rows,
            folds=("type", "default", "value"),
            drops=("type", "default"),
        )


def _package(one: Plugin) -> str:
    return f"{one.distribution} {one.version}"


def _state(one: Plugin) -> str:
    return word(Plugin.State.Name(one.state), "STATE_")


def _registrations(one: Plugin) -> str:
    return ", ".join(f"{_kind(each)} {each.name}" for each in one.registrations)


def _kind(registration: PluginRegistration) -> str:
    return word(PluginRegistration.Kind.Name(registration.kind), "KIND_")


def _hooks(one: Plugin) -> str:
    return ", ".join(hook.removeprefix("ymera_").removeprefix("register_") for hook in one.hooks)


def _source(setting: PluginSetting) -> str:
    return word(PluginSetting.Source.Name(setting.source), "SOURCE_")

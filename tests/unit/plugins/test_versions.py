"""Versions of the contract are compared before anything else of a plugin is looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.plugins.test_plugins import StillProvider, detail, found, load
from ymera_service.plugins import PluginState, installed
from ymera_service.sdk.hookspecs import CONTRACT, PluginDescription, hookimpl

OFFERED = ".".join(map(str, CONTRACT))
NEWER = f"{CONTRACT[0]}.{CONTRACT[1] + 2}"


@pytest.mark.parametrize("needs", [f">={NEWER}", f">={NEWER},<{CONTRACT[0] + 1}", "<0.9"])
def test_a_distribution_that_requires_another_contract_is_not_even_imported(needs: str) -> None:
    registry = load(replace(found("acme", AssertionError("it was imported")), needs=needs))
    assert f"needs contract {needs}, this server offers {OFFERED}" in detail(registry, "ymera-acme")


@pytest.mark.parametrize("needs", ["", f">={OFFERED},<{CONTRACT[0] + 1}", "not a version"])
def test_a_distribution_whose_requirement_is_met_is_loaded(needs: str) -> None:
    registry = load(replace(found("acme", Newer()), needs=needs))
    assert "imported" not in detail(registry, "ymera-acme")


@pytest.mark.parametrize(
    ("lines", "needs"),
    [
        (["ymera-sdk>=1.1,<2"], ">=1.1,<2"),
        (["Ymera.SDK[wire, testing] >= 1.1 , < 2 "], ">= 1.1 , < 2"),
        (["ymera_sdk (>=1.1)"], ">=1.1"),
        (["orjson>=3.10", "ymera-sdk==1.1", "ymera-sdk==1.2"], "==1.1"),
        (["ymera-sdk"], ""),
        (["ymera-sdk>=9; python_version < '3'", "ymera-sdk>=1"], ">=1"),
        (["ymera-sdk @ file:///somewhere"], ""),
        (["ymera-sdk-extras>=9", "other-ymera-sdk>=9", "(", ""], ""),
    ],
)
def test_what_a_distribution_requires_is_read_from_its_metadata(
    lines: Sequence[str], needs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "acme-1.dist-info"
    metadata.mkdir()
    required = "".join(f"Requires-Dist: {line}\n" for line in lines)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme\nVersion: 1\n{required}")
    (metadata / "entry_points.txt").write_text("[ymera]\nacme = ymera_acme\n")
    monkeypatch.syspath_prepend(tmp_path)
    [acme] = [plugin for plugin in installed() if plugin.name == "acme"]
    assert (acme.label, acme.needs, acme.origin) == ("acme 1", needs, str(tmp_path))


class Newer:
    """Written for a later contract: with a hook and an argument that this one does not have."""

    @hookimpl
    def ymera_describe(self) -> PluginDescription:
        return PluginDescription(contract=(CONTRACT[0], CONTRACT[1] + 2))

    @hookimpl
    def ymera_register_dreams(self) -> Iterable[object]:
        return []

    @hookimpl
    def ymera_register_providers(self, moon: object) -> Iterable[StillProvider]:
        return []


def test_the_described_contract_is_compared_before_hooks_are_looked_at() -> None:
    registry = load(found("acme", Newer()))
    assert detail(registry, "ymera-acme") == f"needs contract {NEWER}, this server offers {OFFERED}"


class Hook:
    @hookimpl
    def ymera_register_dreams(self) -> Iterable[object]:
        return []


class Argument:
    @hookimpl
    def ymera_register_providers(self, moon: object) -> Iterable[StillProvider]:
        return []


@pytest.mark.parametrize(("plugin", "named"), [(Hook(), "ymera_register_dreams"), (Argument(), "moon")])
def test_an_unknown_hook_or_argument_is_reported_with_the_contract(plugin: object, named: str) -> None:
    registry = load(found("acme", plugin))
    assert registry.plugins[0].state is PluginState.QUARANTINED
    assert f"contract {OFFERED} does not have" in detail(registry, "ymera-acme")
    assert named in detail(registry, "ymera-acme")


@pytest.mark.parametrize(
    "statement", ["from ymera_service.sdk.content import Hologram", "import ymera_service.sdk.dreams"]
)
def test_an_import_that_the_sdk_does_not_have_is_reported_with_the_contract(statement: str) -> None:
    def imports() -> object:
        exec(statement)
        return None

    registry = load(replace(found("acme", None), load=imports))
    assert f"imports what contract {OFFERED}, which this server offers, does not have" in detail(registry, "ymera-acme")

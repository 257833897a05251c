"""Plugins are found and called separately, and a failing one does not affect the others."""

import gc
import io
import itertools
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from types import SimpleNamespace
from typing import Annotated

import pytest
import structlog
from pydantic import Field, SecretStr

from ymera_service.config import ConfigError, PluginsSettings
from ymera_service.plugins import FoundPlugin, PluginState, Registration, Registry, installed, load_plugins
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.hookspecs import CONTRACT, PluginDescription, hookimpl
from ymera_service.sdk.http import HttpRequest, HttpStream
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.settings import PluginSettings


class StillProvider(Provider):
    def __init__(self, name: str) -> None:
        self.name = name

    async def models(self) -> Sequence[ModelInfo]:
        return []

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        raise NotImplementedError
        yield


class AcmeSettings(PluginSettings):
    api_key: str = ""
    count: int = 1


class Good:
    def __init__(self, *names: str) -> None:
        self.names = names or ("acme",)
        self.settings: AcmeSettings | None = None

    @hookimpl
    def ymera_describe(self) -> PluginDescription:
        return PluginDescription(settings=AcmeSettings)

    @hookimpl
    def ymera_register_providers(self, settings: AcmeSettings) -> Iterable[StillProvider]:
        self.settings = settings
        return [StillProvider(name) for name in self.names]


def found(name: str, plugin: object, distribution: str = "") -> FoundPlugin:
    def load() -> object:
        if isinstance(plugin, BaseException):
            raise plugin
        return plugin

    return FoundPlugin(name, distribution or f"ymera-{name}", "1.2.3", load)


class NoNetwork:
    def open(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpStream]:
        raise AssertionError(f"a plugin called {request.url} while loading")


def load(*plugins: FoundPlugin, **settings: object) -> Registry:
    return load_plugins(PluginsSettings.model_validate(settings), NoNetwork(), plugins)


def state(registry: Registry, name: str) -> PluginState:
    return next(plugin.state for plugin in registry.plugins if plugin.name == name)


def detail(registry: Registry, distribution: str) -> str:
    return next(plugin.detail for plugin in registry.plugins if plugin.distribution == distribution)


def test_the_registrations_of_a_plugin_are_listed_with_its_name_and_version() -> None:
    registry = load(found("acme", Good("acme", "acme-eu")))
    (plugin,) = registry.plugins
    assert (plugin.name, plugin.distribution, plugin.version) == ("acme", "ymera-acme", "1.2.3")
    assert plugin.registrations == (Registration("provider", "acme"), Registration("provider", "acme-eu"))
    assert set(registry.providers) == {"acme", "acme-eu"}


def test_a_plugin_gets_its_table_as_settings() -> None:
    plugin = Good()
    load(found("acme", plugin), acme={"api_key": "k", "count": 3})
    assert plugin.settings == AcmeSettings(api_key="k", count=3)


class Raises:
    @hookimpl
    def ymera_register_providers(self) -> Iterable[StillProvider]:
        raise RuntimeError("no luck")


class RaisesLate:
    @hookimpl
    def ymera_register_providers(self) -> Iterator[StillProvider]:
        yield StillProvider("late")
        raise RuntimeError("no luck halfway")


class Misspelt:
    @hookimpl
    def ymera_register_provider(self) -> Iterable[StillProvider]:
        return []


class NoProvider:
    @hookimpl
    def ymera_register_providers(self) -> Iterable[object]:
        return [object()]


class BadName:
    @hookimpl
    def ymera_register_providers(self) -> Iterable[object]:
        return [StillProvider("Not A Name")]


class TooNew:
    @hookimpl
    def ymera_describe(self) -> PluginDescription:
        return PluginDescription(contract=(CONTRACT[0], CONTRACT[1] + 1))


class Exits:
    @hookimpl
    def ymera_register_providers(self) -> Iterable[object]:
        sys.exit(3)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (ImportError("No module named 'vendor'"), "No module named 'vendor'"),
        (Raises(), "no luck"),
        (RaisesLate(), "no luck halfway"),
        (Misspelt(), "ymera_register_provider"),
        (NoProvider(), "not a Provider"),
        (BadName(), "'Not A Name'"),
        (TooNew(), "needs contract 1.3, this server offers 1.2"),
        (Exits(), "SystemExit"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_the_plugin_that_fails_is_quarantined(bad: object, reason: str) -> None:
    registry = load(found("acme", Good()), found("bad", bad), found("zeta", Good("zeta")))
    assert state(registry, "bad") is PluginState.QUARANTINED
    assert reason in detail(registry, "ymera-bad")
    assert set(registry.providers) == {"acme", "zeta"}


def test_a_plugin_that_hangs_while_loading_is_quarantined() -> None:
    release = threading.Event()
    hanging: Callable[[], object] = release.wait
    try:
        registry = load(FoundPlugin("stuck", "ymera-stuck", "1", hanging), found("acme", Good()), load_seconds=0.05)
    finally:
        release.set()
    assert "did not load within 0.05 s" in detail(registry, "ymera-stuck")
    assert set(registry.providers) == {"acme"}


def test_a_disabled_plugin_is_listed_but_not_loaded() -> None:
    registry = load(found("acme", AssertionError("it was loaded")), disabled=["acme"])
    assert state(registry, "acme") is PluginState.DISABLED
    assert "plugins.disabled" in detail(registry, "ymera-acme")


def test_only_plugins_of_allowed_distributions_are_loaded() -> None:
    bad = found("evil", AssertionError("it was loaded"))
    registry = load(found("acme", Good()), bad, allow=["Ymera_Acme", "not-installed"])
    assert state(registry, "acme") is PluginState.ACTIVE
    assert state(registry, "evil") is PluginState.DISABLED
    assert "plugins.allow does not list ymera-evil" in detail(registry, "ymera-evil")


def test_invalid_settings_of_all_plugins_are_reported_together() -> None:
    with pytest.raises(ConfigError) as error:
        load(found("acme", Good()), found("beta", Good("b")), acme={"api_kee": "k"}, beta={"count": "x"}, betta={})
    assert [fault.where for fault in error.value.faults] == [
        "plugins.acme.api_kee",
        "plugins.beta.count",
        "plugins.betta",
    ]
    assert "did you mean 'api_key'" in error.value.faults[0].problem
    assert "did you mean 'beta'" in error.value.faults[2].problem


def test_first_party_plugins_are_loaded_like_others() -> None:
    names = {plugin.name for plugin in installed()}
    assert {"anthropic", "basics", "echo", "gemini", "lexical", "openai", "simulator"} <= names


def test_what_a_failing_plugin_says_is_shown_without_secrets() -> None:
    registry = load_plugins(
        PluginsSettings(), NoNetwork(), [found("bad", Raises())], redact=lambda text: text.replace("luck", "[redacted]")
    )
    assert detail(registry, "ymera-bad") == "RuntimeError: no [redacted]"


class Simulating:
    """A plugin whose provider makes its answers up."""

    @hookimpl
    def ymera_register_providers(self) -> Iterable[StillProvider]:
        provider = StillProvider("made-up")
        provider.simulated = True
        return [provider]


class Looking:
    """A plugin that looks for a local server."""

    @hookimpl
    def ymera_register_providers(self) -> Iterable[StillProvider]:
        provider = StillProvider("local")
        provider.configured = False
        return [provider]


def test_a_simulated_provider_is_left_out_where_a_real_one_is_configured() -> None:
    registry = load(found("acme", Good("real")), found("simulator", Simulating()))
    assert list(registry.providers) == ["real"]
    assert state(registry, "simulator") is PluginState.DISABLED
    [status] = [one for one in registry.plugins if one.name == "simulator"]
    assert status.detail == (
        "made-up is left out where a real provider, such as real, is configured, "
        "unless there is a table [plugins.simulator]"
    )
    assert status.registrations == ()


def test_a_simulated_provider_stays_where_the_real_one_is_refused() -> None:
    registry = load(found("aaa", Good("openai"), "stranger"), found("simulator", Simulating()))
    assert set(registry.providers) == {"made-up"}


def test_a_simulated_provider_stays_where_real_ones_are_merely_looked_for() -> None:
    assert set(load(found("acme", Looking()), found("simulator", Simulating())).providers) == {"local", "made-up"}


@pytest.mark.parametrize(("named", "providers"), [(False, []), (True, ["made-up"])])
def test_in_production_a_simulated_provider_has_to_be_named(named: bool, providers: list[str]) -> None:
    settings = PluginsSettings.model_validate({"simulator": {}} if named else {})
    registry = load_plugins(settings, NoNetwork(), [found("simulator", Simulating())], production=True)
    assert list(registry.providers) == providers


class Needy(PluginSettings):
    api_key: str
    count: int = 1


class Requires:
    @hookimpl
    def ymera_describe(self) -> PluginDescription:
        return PluginDescription(settings=Needy)


def test_a_missing_required_setting_quarantines_that_plugin_alone() -> None:
    with structlog.testing.capture_logs() as logs:
        registry = load(found("needy", Requires()), found("acme", Good()), needy={"count": 2})
    assert "plugins.needy.api_key" in detail(registry, "ymera-needy")
    assert "SettingsMissing" in logs[0]["exception"]
    assert set(registry.providers) == {"acme"}


class Endless:
    @hookimpl
    def ymera_register_providers(self) -> Iterator[StillProvider]:
        return (StillProvider(f"p{number}") for number in itertools.count())


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Verbose:
    @hookimpl
    def ymera_register_providers(self) -> Iterator[StillProvider]:
        raise RuntimeError("\ud83d" + "x" * 20_000_000)


def test_endless_registrations_and_endless_errors_are_cut() -> None:
    mute = found("mute", Unspeakable())
    registry = load(found("endless", Endless()), found("verbose", Verbose()), mute, found("acme", Good()))
    assert "more than 1000" in detail(registry, "ymera-endless")
    assert len(detail(registry, "ymera-verbose").encode()) < 2500
    assert detail(registry, "ymera-mute") == "Unspeakable"
    assert set(registry.providers) == {"acme"}


class Idle:
    @hookimpl
    def ymera_describe(self) -> PluginDescription:
        return PluginDescription(idle="set ACME_API_KEY")

    @hookimpl
    def ymera_register_providers(self) -> Iterable[StillProvider]:
        return []


def test_a_plugin_that_registers_nothing_says_why() -> None:
    registry = load(found("idle", Idle()), found("hookless", SimpleNamespace()))
    assert state(registry, "idle") is PluginState.ACTIVE
    assert detail(registry, "ymera-idle") == "registers nothing: set ACME_API_KEY"
    assert "implements no hook" in detail(registry, "ymera-hookless")


def test_what_a_plugin_prints_while_it_loads_stays_off_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    def load_it() -> object:
        print("hello")
        return Good()

    load(FoundPlugin("acme", "ymera-acme", "1", load_it))
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "hello" in printed.err


def test_a_plugin_that_wraps_standard_output_closes_no_stream_of_others(capfd: pytest.CaptureFixture[str]) -> None:
    def load_it() -> object:
        sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
        return Good()

    def load_another() -> object:
        print("hello")
        return SimpleNamespace()

    registry = load(FoundPlugin("acme", "ymera-acme", "1", load_it), FoundPlugin("b", "ymera-b", "1", load_another))
    gc.collect()
    print("the log", file=sys.stderr)
    assert {plugin.state for plugin in registry.plugins} == {PluginState.ACTIVE}
    assert capfd.readouterr().err.split("\n")[:2] == ["hello", "the log"]


class Moody:
    def __init__(self, attribute: str) -> None:
        self._provider = type("Moody", (StillProvider,), {attribute: property(self._fail)})("moody")

    def _fail(self, _: object) -> bool:
        raise RuntimeError("not today")

    @hookimpl
    def ymera_register_providers(self) -> Iterable[Provider]:
        return [self._provider]


@pytest.mark.parametrize("attribute", ["simulated", "configured"])
def test_a_provider_that_can_not_say_what_it_is_quarantines_its_plugin(attribute: str) -> None:
    registry = load(found("acme", Good()), found("moody", Moody(attribute)))
    assert state(registry, "moody") is PluginState.QUARANTINED
    assert detail(registry, "ymera-moody") == "RuntimeError: not today"
    assert state(registry, "acme") is PluginState.ACTIVE


class Secretive(PluginSettings):
    api_key: SecretStr = SecretStr("")
    count: int = 1
    names: tuple[str, ...] = ()
    pause: Annotated[float, Field(ge=0)] | None = None


class Shown:
    @hookimpl
    def ymera_describe(self) -> PluginDescription:
        return PluginDescription(settings=Secretive)


def test_settings_are_shown_with_types_and_sources_but_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YMERA_PLUGINS__ACME__COUNT", "3")
    registry = load(found("acme", Shown()), acme={"api_key": "open-sesame", "count": "3"})
    key, count, names, pause = registry.plugins[0].settings
    assert (key.name, key.type, key.source) == ("api_key", "SecretStr", "file")
    assert "open-sesame" not in key.value
    assert (count.type, count.default, count.value, count.source) == ("int", "1", "3", "environment")
    assert (names.type, names.value, names.source) == ("tuple[str, ...]", "[]", "default")
    assert (pause.type, pause.default, pause.value) == ("float | None", "None", "unset")
    assert registry.plugins[0].hooks == ("ymera_describe",)

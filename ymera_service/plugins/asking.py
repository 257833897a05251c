"""Loads one plugin and collects what it offers. Versions are compared before anything else is looked at."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ymera_service.plugins import settings as plugin_settings
from ymera_service.plugins.dormancy import is_dormant
from ymera_service.plugins.found import FoundPlugin
from ymera_service.plugins.status import KINDS, ComponentKind, Registration
from ymera_service.sdk import hookspecs
from ymera_service.sdk.benchmarks import BenchmarkSuite
from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.components import Component
from ymera_service.sdk.hookspecs import CONTRACT, PROJECT, PluginDescription
from ymera_service.sdk.http import Transport
from ymera_service.sdk.keys import Vault
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.settings import PluginSettings

MAX_COMPONENTS = 1000
"""What one hook may register: enough for every vendor there is, and the end of a generator that has none."""
MAX_CATEGORIES = 100
"""The categories of one suite or classifier."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_OFFERED = ".".join(map(str, CONTRACT))


class PluginRejected(Exception):
    """A plugin can't be used; the message states the reason."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plugin said: its settings, the hooks it implements, and what it registers.

    `simulated` are the providers whose answers are made up, and `real` those that someone set up and whose answers are
    not.
    """

    packages: frozenset[str]
    settings: PluginSettings
    hooks: tuple[str, ...]
    components: Mapping[Registration, Component]
    simulated: frozenset[Registration]
    real: tuple[Registration, ...]
    idle: str

    @property
    def why_idle(self) -> str:
        """Why the plugin registers nothing, or would without the providers that have no key."""
        if not self.hooks:
            return "registers nothing: it implements no hook; mark its functions with `hookimpl`"
        return f"registers nothing: {self.idle or 'its hooks returned nothing'}"


def ask(
    plugin: FoundPlugin,
    table: Mapping[str, object],
    transport: Transport,
    vault: Vault,
    on_settings: Callable[[PluginSettings], None],
) -> Asked:
    """Imports a plugin and calls its hooks.

    Args:
        plugin: The plugin.
        table: The plugin's table of the configuration.
        transport: What HTTP providers are to use.
        vault: Where further keys of providers are.
        on_settings: Called with the settings before the plugin gets them.

    Raises:
        ConfigError: The plugin's table is wrong.
        PluginRejected: The plugin breaks the contract, or needs another version of it.
        Exception: Whatever the plugin raises.
    """
    _check_needs(plugin)
    manager = pluggy.PluginManager(PROJECT)
    loaded = _imported(plugin)
    manager.register(loaded, plugin.name)
    description = _describe(manager)
    _check_hooks(manager)
    settings = plugin_settings.read(plugin.name, description.settings, table)
    on_settings(settings)
    context = {"settings": settings, "transport": transport, "vault": vault}
    components = dict(_components(manager, context))
    providers = {name: one for name, one in components.items() if isinstance(one, Provider)}
    simulated = frozenset(name for name, one in providers.items() if one.simulated)
    return Asked(
        frozenset(_packages(loaded, *components.values())),
        settings,
        tuple(_hooks(manager)),
        components,
        simulated,
        tuple(name for name, one in providers.items() if _is_real(one)),
        description.idle,
    )


def _is_real(provider: Provider) -> bool:
    return bool(provider.configured) and not provider.simulated and not is_dormant(provider)


def _check_needs(plugin: FoundPlugin) -> None:
    """Compares what the distribution requires, before its code runs and fails for a reason that says less."""
    try:
        served = SpecifierSet(plugin.needs).contains(_OFFERED, prereleases=True)
    except InvalidSpecifier:
        return
    if not served:
        raise PluginRejected(f"needs contract {plugin.needs}, this server offers {_OFFERED}")


def _imported(plugin: FoundPlugin) -> object:
    try:
        return plugin.load()
    except ImportError as error:
        if (error.name or "").startswith("ymera_service.sdk"):
            problem = f"imports what contract {_OFFERED}, which this server offers, does not have: {error.msg}"
            raise PluginRejected(problem) from error
        raise


def _describe(manager: pluggy.PluginManager) -> PluginDescription:
    """Asks for the description before the specifications of hooks are added, as newer hooks don't match them."""
    hook = getattr(manager.hook, "ymera_describe", None)
    results = hook() if hook else []
    description = results[0] if results else PluginDescription()
    if not isinstance(description, PluginDescription):
        raise PluginRejected(f"ymera_describe returned {type(description).__name__}, not a PluginDescription")
    major, minor = description.contract
    if major != CONTRACT[0] or minor > CONTRACT[1]:
        raise PluginRejected(f"needs contract {major}.{minor}, this server offers {_OFFERED}")
    return description


def _check_hooks(manager: pluggy.PluginManager) -> None:
    try:
        manager.add_hookspecs(hookspecs)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginRejected(f"implements a hook that contract {_OFFERED} does not have: {error}") from error


def _hooks(manager: pluggy.PluginManager) -> Iterator[str]:
    for name in sorted(name for name in vars(manager.hook) if name.startswith("ymera_")):
        if getattr(manager.hook, name).get_hookimpls():
            yield name


def _components(
    manager: pluggy.PluginManager, context: Mapping[str, object]
) -> Iterator[tuple[Registration, Component]]:
    seen: set[Registration] = set()
    for kind in KINDS:
        for component in _bounded(kind, manager, context):
            registration = _registration(kind, component)
            if registration in seen:
                raise PluginRejected(f"registers the {registration} twice")
            seen.add(registration)
            yield registration, component


def _bounded(kind: ComponentKind, manager: pluggy.PluginManager, context: Mapping[str, object]) -> Iterable[Component]:
    hook = getattr(manager.hook, kind.hook)
    wanted = {name: context[name] for name in hook.spec.argnames}
    offered = (component for result in hook(**wanted) for component in result)
    for count, component in enumerate(offered):
        if count == MAX_COMPONENTS:
            raise PluginRejected(f"{kind.hook} registers more than {MAX_COMPONENTS} components")
        yield component


def _registration(kind: ComponentKind, component: object) -> Registration:
    if not isinstance(component, kind.base):
        raise PluginRejected(f"{kind.hook} offered {type(component).__name__}, which is not a {kind.base.__name__}")
    name = component.name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginRejected(
            f"the name {name!r:.100} of a {kind.name} has other characters than lower-case letters, digits and hyphens"
        )
    if isinstance(component, BenchmarkSuite | Classifier):
        _check_categories(component)
    return Registration(kind.name, name)


def _check_categories(component: BenchmarkSuite | Classifier) -> None:
    categories = component.categories
    if not isinstance(categories, tuple | list) or len(categories) > MAX_CATEGORIES:
        raise PluginRejected(f"the categories of {component.name!r} are not a list of up to {MAX_CATEGORIES}")
    if not all(isinstance(category, str) and len(category) <= 64 for category in categories):
        raise PluginRejected(f"a category of {component.name!r} is not a text of up to 64 characters")


def _packages(*objects: object) -> Iterator[str]:
    """Yields the top-level packages of a plugin's code."""
    for one in objects:
        module = getattr(one, "__name__", "") if isinstance(one, ModuleType) else type(one).__module__
        package = str(module).partition(".")[0]
        if package != "ymera_service" and package not in sys.stdlib_module_names:
            yield package

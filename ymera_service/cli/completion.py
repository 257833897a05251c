"""What a shell offers for an argument: names that the server knows.

They are kept for some minutes, as a shell asks at each press of the tab key, and starting a server takes a second.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import typer

if TYPE_CHECKING:
    from ymera_service.cli.connect import Server

KEPT_SECONDS = 600
_PATIENCE_SECONDS = 10
"""How long the person at the keyboard waits for a server."""

Names = dict[str, list[str]]


def models(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offers the ids of models; and their names without the provider, once one is begun."""
    ids = _names(ctx, "models")
    bare = [name for _, _, name in (each.partition("/") for each in ids)] if incomplete else []
    return _beginning(incomplete, [*ids, *bare])


def names(kind: str) -> Callable[[typer.Context, str], list[str]]:
    """Returns what offers the names of a kind: "providers", "plugins", "suites", "policies" or "categories"."""

    def offer(ctx: typer.Context, incomplete: str) -> list[str]:
        return _beginning(incomplete, _names(ctx, kind))

    return offer


def fields(incomplete: str) -> list[str]:
    """Offers the fields of a request that `--set` sets, and the values of the one that is named."""
    from ymera.v1.ymera_pb2 import ExecuteStreamRequest  # noqa: PLC0415  # only if a shell asks

    from ymera_service.cli.fields import completions  # noqa: PLC0415

    return _beginning(incomplete, list(completions(ExecuteStreamRequest.DESCRIPTOR, incomplete)))


def efforts(incomplete: str) -> list[str]:
    """Offers the levels of thinking."""
    chosen = fields(f"reasoning_effort={incomplete}")
    return [each.removeprefix("reasoning_effort=") for each in chosen]


def _beginning(incomplete: str, known: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(known) if name.startswith(incomplete)]


def _names(ctx: typer.Context, kind: str) -> list[str]:
    """Returns the names of a kind; none if no server can be asked."""
    server = [str(ctx.params.get(name) or "") for name in ("address", "config", "api_key_file")]
    file = platformdirs.user_cache_path("ymera") / "names.json"
    kept = _kept(file, server)
    if kept is None:
        kept = _asked(*server)
        if kept:
            _keep(file, server, kept)
    return kept.get(kind, [])


def _kept(file: Path, server: list[str]) -> Names | None:
    try:
        if time.time() - file.stat().st_mtime > KEPT_SECONDS:
            return None
        stored = json.loads(file.read_text(encoding="utf-8"))
        return dict(stored["names"]) if stored["server"] == server else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(file: Path, server: list[str], names: Names) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"server": server, "names": names}), encoding="utf-8")
    except OSError:
        return  # the next one asks again


def _asked(address: str, config: str, api_key_file: str) -> Names:
    from ymera_service.cli.connect import Server  # noqa: PLC0415  # only if nothing is kept
    from ymera_service.cli.problems import CommandFailed  # noqa: PLC0415

    server = Server(address, Path(config) if config else None, Path(api_key_file) if api_key_file else None)
    try:
        return asyncio.run(_ask(server))
    except (CommandFailed, TimeoutError):
        return {}


async def _ask(server: "Server") -> Names:
    from ymera.v1.admin_pb2 import ListPluginsRequest, PluginRegistration  # noqa: PLC0415  # see `_asked`
    from ymera.v1.admin_pb2_grpc import AdminServiceStub  # noqa: PLC0415
    from ymera.v1.catalog_pb2 import ModelKind  # noqa: PLC0415

    from ymera_service.cli.connect import connected  # noqa: PLC0415
    from ymera_service.cli.offers import offered  # noqa: PLC0415
    from ymera_service.sdk.classifiers import CATEGORIES  # noqa: PLC0415

    async with asyncio.timeout(_PATIENCE_SECONDS), connected(server) as channel:
        models = (await offered(channel)).models
        plugins = (await AdminServiceStub(channel).ListPlugins(ListPluginsRequest())).plugins
    registered = [each for plugin in plugins for each in plugin.registrations]
    return {
        "models": [model.id for model in models if model.kind == ModelKind.MODEL_KIND_GENERATE],
        "plugins": [plugin.name for plugin in plugins],
        "providers": [each.name for each in registered if each.kind == PluginRegistration.KIND_PROVIDER],
        "suites": [each.name for each in registered if each.kind == PluginRegistration.KIND_BENCHMARK],
        "policies": [each.name for each in registered if each.kind == PluginRegistration.KIND_POLICY],
        "categories": [*CATEGORIES],
    }

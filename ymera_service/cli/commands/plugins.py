"""`ymera plugins`"""

import difflib
from typing import Annotated

import typer
from ymera.v1.admin_pb2 import ListPluginsRequest, ListPluginsResponse
from ymera.v1.admin_pb2_grpc import AdminServiceStub

from ymera_service.cli import completion, options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.problems import wrong
from ymera_service.cli.render import plugins as render
from ymera_service.cli.running import run

app = typer.Typer(add_completion=False, rich_markup_mode="rich", invoke_without_command=True)


@app.callback()
@options.of_server
def plugins(
    context: typer.Context,
    server: Server,
    output: Output,
) -> None:
    """Lists the plugins: package and version, state, what each registered, or why it is not used."""
    if context.invoked_subcommand is None:
        run(_list(server, output), output)


@app.command()
@options.of_server
def show(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The plugin's name.", autocompletion=completion.names("plugins")),
    ],
    server: Server,
    output: Output,
) -> None:
    """Shows a plugin: where it is from, its hooks, and its settings with types, defaults and sources.

    Secrets are hidden. [dim]ymera plugins show openai[/dim]
    """
    run(_show(name, server, output), output)


async def _list(server: Server, output: Output) -> None:
    found = await _found(server)
    output.show(found, *render.plugins(found.plugins))


async def _show(name: str, server: Server, output: Output) -> None:
    found = await _found(server)
    named = ListPluginsResponse(plugins=[plugin for plugin in found.plugins if plugin.name == name])
    if not named.plugins:
        known = sorted({plugin.name for plugin in found.plugins})
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Installed are: {', '.join(known) or 'none'}."
        raise wrong(f"no plugin {name!r} is installed", hint)
    output.show(named, *(block for plugin in named.plugins for block in render.plugin(plugin)))


async def _found(server: Server) -> ListPluginsResponse:
    async with connected(server) as channel:
        found: ListPluginsResponse = await AdminServiceStub(channel).ListPlugins(ListPluginsRequest())
        return found

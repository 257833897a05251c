"""`ymera models`"""

from typing import Annotated

import typer
from ymera.v1.catalog_pb2 import ListModelChangesRequest
from ymera.v1.catalog_pb2_grpc import CatalogServiceStub

from ymera_service.cli import completion, options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.offers import described, offered
from ymera_service.cli.output import Output
from ymera_service.cli.problems import REMEDIES, CommandFailed, Problem, wrong
from ymera_service.cli.render import catalog
from ymera_service.cli.running import run


@options.of_server
def models(
    name: Annotated[
        str,
        typer.Argument(
            help="One model, or a pattern such as 'anthropic/*'; of one, all that is known is shown, and from whom.",
            show_default=False,
            autocompletion=completion.models,
        ),
    ] = "",
    *,
    provider: Annotated[
        str,
        typer.Option(
            help="Only this provider's models.", show_default=False, autocompletion=completion.names("providers")
        ),
    ] = "",
    changes: Annotated[
        bool, typer.Option("--changes", help="What appeared, vanished, changed its price or was deprecated lately.")
    ] = False,
    server: Server,
    output: Output,
) -> None:
    """Lists the models with context window, price in USD per million tokens, and measured quality.

    [dim]ymera models --provider openai[/dim]
    [dim]ymera models openai/gpt-5[/dim]
    """
    if changes:
        with output.reporting():
            if name or provider:
                raise wrong("--changes shows those of all models", "Leave out the name and --provider.")
        run(_changes(server, output), output)
    else:
        run(_models(name, provider, server, output), output)


async def _changes(server: Server, output: Output) -> None:
    async with connected(server) as channel:
        found = await CatalogServiceStub(channel).ListModelChanges(ListModelChangesRequest())
    output.show(found, *catalog.changes(found.changes))


async def _models(name: str, provider: str, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        found = await described(channel, name, provider) if name else None
        if found is None:
            listed = await offered(channel, provider, name)
    if found is not None:
        output.show(found, *catalog.model(found))
    elif name and not listed.models:
        raise CommandFailed(Problem(f"no model is named {name!r}", (REMEDIES["MODEL_NOT_FOUND"],), "MODEL_NOT_FOUND"))
    else:
        output.show(listed, *catalog.models(listed.models))

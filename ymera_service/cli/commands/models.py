"""`ymera models`"""

from typing import Annotated

import typer

from ymera_service.cli import completion, options
from ymera_service.cli.connect import Target, connected
from ymera_service.cli.offers import offered
from ymera_service.cli.output import Output
from ymera_service.cli.render import catalog
from ymera_service.cli.running import run


def models(
    provider: Annotated[
        str,
        typer.Option(
            help="Only this provider's models.", show_default=False, autocompletion=completion.names("providers")
        ),
    ] = "",
    address: options.Address = "",
    api_key_file: options.ApiKeyFile = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Lists the models with context window, price in USD per million tokens, and measured quality.

    [dim]ymera models --provider openai[/dim]
    """
    output = Output(as_json)
    run(_models(provider, Target(address, config, api_key_file), output), output)


async def _models(provider: str, target: Target, output: Output) -> None:
    async with connected(target) as channel:
        found = await offered(channel, provider)
    output.show(found, *catalog.models(found.models))

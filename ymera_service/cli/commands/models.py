"""`ymera models`"""

from typing import Annotated

import typer
from ymera.v1.catalog_pb2 import ListModelsRequest, ListModelsResponse
from ymera.v1.catalog_pb2_grpc import CatalogServiceStub

from ymera_service.cli import options
from ymera_service.cli.connect import Target, connected
from ymera_service.cli.output import Output
from ymera_service.cli.render import catalog
from ymera_service.cli.running import run

PAGE = 1000


def models(
    provider: Annotated[str, typer.Option(help="Only this provider's models.", show_default=False)] = "",
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
    offered = ListModelsResponse()
    async with connected(target) as channel:
        stub = CatalogServiceStub(channel)
        page = await stub.ListModels(ListModelsRequest(page_size=PAGE, provider=provider))
        offered.models.extend(page.models)
        while page.next_page_token:
            page = await stub.ListModels(
                ListModelsRequest(page_size=PAGE, page_token=page.next_page_token, provider=provider)
            )
            offered.models.extend(page.models)
    output.show(offered, *catalog.models(offered.models))

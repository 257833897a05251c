"""Lists the models that a server offers."""

import grpc
from ymera.v1.catalog_pb2 import ListModelsRequest, ListModelsResponse
from ymera.v1.catalog_pb2_grpc import CatalogServiceStub

PAGE = 1000


async def offered(channel: grpc.aio.Channel, provider: str = "") -> ListModelsResponse:
    """Returns all models, or those of a provider, as one page."""
    stub, found = CatalogServiceStub(channel), ListModelsResponse()
    request = ListModelsRequest(page_size=PAGE, provider=provider)
    while True:
        page = await stub.ListModels(request)
        found.models.extend(page.models)
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token

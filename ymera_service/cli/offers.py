"""Lists the models that a server offers."""

import grpc
from ymera.v1.catalog_pb2 import ListModelsRequest, ListModelsResponse, Model, ModelView
from ymera.v1.catalog_pb2_grpc import CatalogServiceStub

PAGE = 1000


async def offered(channel: grpc.aio.Channel, provider: str = "", pattern: str = "") -> ListModelsResponse:
    """Returns all models, or those of a provider or of a pattern, as one page."""
    stub, found = CatalogServiceStub(channel), ListModelsResponse()
    request = ListModelsRequest(page_size=PAGE, provider=provider, pattern=pattern)
    while True:
        page = await stub.ListModels(request)
        found.models.extend(page.models)
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def described(channel: grpc.aio.Channel, pattern: str, provider: str = "") -> Model | None:
    """Returns the one model that a pattern names, with all that is known of it; None if it names none or several."""
    request = ListModelsRequest(page_size=2, provider=provider, pattern=pattern, view=ModelView.MODEL_VIEW_FULL)
    found = await CatalogServiceStub(channel).ListModels(request)
    return found.models[0] if len(found.models) == 1 else None

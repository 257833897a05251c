"""CatalogService: lists models."""

from collections.abc import Mapping

from ymera.v1 import catalog_pb2 as pb

from ymera_service.api.convert.catalog import is_full, model_message
from ymera_service.api.handlers import Method, Unary
from ymera_service.serving.calls import Call
from ymera_service.serving.listing import Listing

SERVICE = pb.DESCRIPTOR.services_by_name["CatalogService"].full_name


class CatalogServicer:
    """Converts, calls, converts."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {"ListModels": Unary(pb.ListModelsRequest, self.list_models)}

    async def list_models(self, request: pb.ListModelsRequest, call: Call) -> pb.ListModelsResponse:
        """Returns a page of models, in the order of their ids."""
        page = await self._listing.page(
            size=request.page_size,
            token=request.page_token,
            provider=request.provider,
            pattern=request.pattern,
            full=is_full(request.view),
        )
        return pb.ListModelsResponse(
            models=[model_message(listed) for listed in page.models], next_page_token=page.next_token
        )

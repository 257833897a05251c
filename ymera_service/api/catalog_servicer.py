"""CatalogService: lists models, and what changed."""

from collections.abc import Mapping

from ymera.v1 import catalog_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.catalog import change_fields, is_full, model_message
from ymera_service.api.handlers import Method, Unary
from ymera_service.serving.calls import Call
from ymera_service.serving.changes import Changes
from ymera_service.serving.listing import Listing

SERVICE = pb.DESCRIPTOR.services_by_name["CatalogService"].full_name


class CatalogServicer:
    """Converts, calls, converts."""

    def __init__(self, listing: Listing, changes: Changes) -> None:
        self._listing = listing
        self._changes = changes

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {
            "ListModels": Unary(pb.ListModelsRequest, self.list_models),
            "ListModelChanges": Unary(pb.ListModelChangesRequest, self.list_model_changes),
        }

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

    async def list_model_changes(self, request: pb.ListModelChangesRequest, call: Call) -> pb.ListModelChangesResponse:
        """Returns the latest changes, the latest first."""
        found = await self._changes.latest(request.page_size)
        fields: Fields = {"changes": list(map(change_fields, found))}
        return pb.ListModelChangesResponse(**fields)

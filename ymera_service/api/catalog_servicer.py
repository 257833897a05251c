"""CatalogService: lists models."""

from collections.abc import Mapping

from ymera.v1 import catalog_pb2 as pb

from ymera_service.api.calls import Call, Method, Unary
from ymera_service.api.convert.catalog import model_message, page_size_of, page_start, page_token
from ymera_service.api.convert.violations import Violations
from ymera_service.catalog import Catalog
from ymera_service.resilience.breaker import Breakers, BreakerState
from ymera_service.routing.evidence import Evidence

SERVICE = pb.DESCRIPTOR.services_by_name["CatalogService"].full_name


class CatalogServicer:
    """Parses, calls, converts."""

    def __init__(self, catalog: Catalog, breakers: Breakers, evidence: Evidence) -> None:
        self._catalog = catalog
        self._breakers = breakers
        self._evidence = evidence

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {"ListModels": Unary(pb.ListModelsRequest, self.list_models)}

    async def list_models(self, request: pb.ListModelsRequest, call: Call) -> pb.ListModelsResponse:
        """Returns a page of models, in the order of their ids."""
        faults = Violations()
        size = page_size_of(request.page_size, faults)
        provider = faults.text("provider", request.provider)
        start = page_start(request.page_token, provider, faults)
        faults.check()
        models = self._catalog.models
        ids = sorted(name for name, model in models.items() if name > start and provider in {"", model.provider})
        return pb.ListModelsResponse(
            models=[
                model_message(models[name], self._evidence.summaries(name), available=self._available(name))
                for name in ids[:size]
            ],
            next_page_token=page_token(ids[size - 1], provider) if len(ids) > size else "",
        )

    def _available(self, model: str) -> bool:
        return self._breakers.of(model).state is not BreakerState.OPEN

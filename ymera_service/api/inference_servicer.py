"""InferenceService: work other than answering prompts."""

from collections.abc import Mapping

from ymera.v1 import inference_pb2 as pb

from ymera_service.api.convert.attribution import attribution_of
from ymera_service.api.convert.content import prompt_of
from ymera_service.api.convert.inference import (
    count_response,
    embed_of,
    embed_response,
    moderate_of,
    moderate_response,
    rerank_of,
    rerank_response,
)
from ymera_service.api.convert.routing import is_full_view, preferences_of
from ymera_service.api.handlers import Method, Unary
from ymera_service.execution.facts import ExecutionRequest
from ymera_service.routing.decision import Preferences
from ymera_service.sdk.work import CountRequest, WorkRequest
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.violations import MAX_PATTERN, Violations
from ymera_service.serving.inference import Inference, work_request_of

SERVICE = pb.DESCRIPTOR.services_by_name["InferenceService"].full_name


class InferenceServicer:
    """Converts, calls, converts."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {
            "Embed": Unary(pb.EmbedRequest, self.embed),
            "Moderate": Unary(pb.ModerateRequest, self.moderate),
            "Rerank": Unary(pb.RerankRequest, self.rerank),
            "CountTokens": Unary(pb.CountTokensRequest, self.count_tokens),
        }

    async def embed(self, request: pb.EmbedRequest, call: Call) -> pb.EmbedResponse:
        """Turns texts into vectors."""
        faults = Violations()
        work = embed_of(request, faults)
        return await embed_response(await self._inference.embed(call, _request(request, work, faults, call)))

    async def moderate(self, request: pb.ModerateRequest, call: Call) -> pb.ModerateResponse:
        """Judges whether texts are harmful."""
        faults = Violations()
        work = moderate_of(request, faults)
        return moderate_response(await self._inference.moderate(call, _request(request, work, faults, call)))

    async def rerank(self, request: pb.RerankRequest, call: Call) -> pb.RerankResponse:
        """Orders documents by how well they answer a query."""
        faults = Violations()
        work = rerank_of(request, faults)
        return rerank_response(await self._inference.rerank(call, _request(request, work, faults, call)))

    async def count_tokens(self, request: pb.CountTokensRequest, call: Call) -> pb.CountTokensResponse:
        """Counts the tokens of a prompt."""
        faults = Violations()
        faults.text("model", request.model, required=True, max_length=MAX_PATTERN)
        counted = work_request_of(
            call,
            CountRequest("", prompt_of(request.prompt, faults)),
            Preferences(model=request.model),
            faults,
            attribution=attribution_of(request.attribution, faults),
        )
        return count_response(await self._inference.count_tokens(call, counted))


def _request(
    request: pb.EmbedRequest | pb.ModerateRequest | pb.RerankRequest, work: WorkRequest, faults: Violations, call: Call
) -> ExecutionRequest:
    return work_request_of(
        call,
        work,
        preferences_of(request.preferences, faults),
        faults,
        attribution=attribution_of(request.attribution, faults),
        full_view=is_full_view(request.decision_view, faults),
    )

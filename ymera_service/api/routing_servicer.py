"""RoutingService: past requests, what another policy would have made of them, and what routing has learnt."""

from collections.abc import Mapping

from ymera.v1 import experiments_pb2
from ymera.v1 import routing_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.experiments import experiment_fields, results_message
from ymera_service.api.convert.history import execution_fields, filter_of, recomputed_fields
from ymera_service.api.convert.replay import replay_message, since_of, weights_of
from ymera_service.api.convert.routing import is_full_view
from ymera_service.api.handlers import Method, Unary
from ymera_service.serving.beliefs import Belief, Beliefs
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.experiments import Experiments
from ymera_service.serving.history import History
from ymera_service.serving.replay import Replay

SERVICE = pb.DESCRIPTOR.services_by_name["RoutingService"].full_name


class RoutingServicer:
    """Converts, calls, converts."""

    def __init__(self, history: History, replay: Replay, beliefs: Beliefs, experiments: Experiments) -> None:
        self._history = history
        self._beliefs = beliefs
        self._experiments = experiments
        self._replay = replay

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {
            "GetExecution": Unary(pb.GetExecutionRequest, self.get_execution),
            "ListExecutions": Unary(pb.ListExecutionsRequest, self.list_executions),
            "Replay": Unary(pb.ReplayRequest, self.replay),
            "ListBeliefs": Unary(pb.ListBeliefsRequest, self.list_beliefs),
            "ListExperiments": Unary(experiments_pb2.ListExperimentsRequest, self.list_experiments),
            "GetExperiment": Unary(experiments_pb2.GetExperimentRequest, self.get_experiment),
            "ResetBeliefs": Unary(pb.ResetBeliefsRequest, self.reset_beliefs),
        }

    async def get_execution(self, request: pb.GetExecutionRequest, call: Call) -> pb.GetExecutionResponse:
        """Returns one past request."""
        faults = Violations()
        full_view = is_full_view(request.decision_view, faults)
        faults.check()
        past = await self._history.find(request.request_id, call.caller.name)
        fields: Fields = {"execution": execution_fields(past)}
        if full_view:
            fields |= recomputed_fields(await self._history.recompute(past))
        return pb.GetExecutionResponse(**fields)

    async def list_executions(self, request: pb.ListExecutionsRequest, call: Call) -> pb.ListExecutionsResponse:
        """Returns a page of past requests, the latest first."""
        faults = Violations()
        wanted = filter_of(request.filter, faults)
        page = await self._history.page(
            wanted, faults, caller=call.caller.name, size=request.page_size, token=request.page_token
        )
        fields: Fields = {"executions": [execution_fields(past) for past in page.executions]}
        return pb.ListExecutionsResponse(next_page_token=page.next_token, **fields)

    async def replay(self, request: pb.ReplayRequest, call: Call) -> pb.ReplayResponse:
        """Estimates what another policy would have come to."""
        faults = Violations()
        found = await self._replay.run(
            request.policy,
            faults,
            weights=weights_of(request),
            since=since_of(request, faults),
            limit=request.max_requests,
            caller=call.caller.name,
        )
        return replay_message(found)

    async def list_beliefs(self, request: pb.ListBeliefsRequest, call: Call) -> pb.ListBeliefsResponse:
        """Returns how good models are taken to be."""
        return pb.ListBeliefsResponse(beliefs=[_belief(one) for one in self._beliefs.known(request.model)])

    async def reset_beliefs(self, request: pb.ResetBeliefsRequest, call: Call) -> pb.ResetBeliefsResponse:
        """Forgets what answers of a model were judged to be worth."""
        forgotten = await self._beliefs.reset(request.model, request.category, call.caller)
        return pb.ResetBeliefsResponse(categories=forgotten)

    async def list_experiments(
        self, request: experiments_pb2.ListExperimentsRequest, call: Call
    ) -> experiments_pb2.ListExperimentsResponse:
        """Returns the experiments that are configured."""
        fields: Fields = {"experiments": [experiment_fields(one) for one in self._experiments.known(call.caller)]}
        return experiments_pb2.ListExperimentsResponse(**fields)

    async def get_experiment(
        self, request: experiments_pb2.GetExperimentRequest, call: Call
    ) -> experiments_pb2.GetExperimentResponse:
        """Returns the results of one experiment, by arm."""
        return results_message(await self._experiments.results(request.name, call.caller))


def _belief(belief: Belief) -> pb.Belief:
    return pb.Belief(
        model=belief.model,
        category=belief.category,
        quality=belief.quality,
        standard_deviation=belief.deviation,
        judged_answers=belief.judged,
        evidence=belief.evidence,
        drift=belief.drift,
    )

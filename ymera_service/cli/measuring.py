"""What measuring the models would take, and the advice to do so."""

import grpc
import platformdirs
from ymera.v1.routing_pb2 import Decision
from ymera.v1.ymera_pb2 import BenchmarkRequest, BenchmarkStarted
from ymera.v1.ymera_pb2_grpc import YmeraServiceStub

from ymera_service.cli.output import Output
from ymera_service.cli.render.figures import money

_UNMEASURED = "not yet measured"
"""What the evidence of a model's quality begins with if the model was not measured."""


async def planned(channel: grpc.aio.Channel, request: BenchmarkRequest) -> BenchmarkStarted:
    """Returns what would be measured."""
    asked = BenchmarkRequest(plan_only=True)
    asked.MergeFrom(request)
    first, *_ = [event.started async for event in YmeraServiceStub(channel).Benchmark(asked)]
    return first


async def advise(channel: grpc.aio.Channel, made: Decision, output: Output) -> None:
    """Suggests to measure the models, with what it would cost, once in the life of a user's account on a terminal."""
    given = platformdirs.user_state_path("ymera") / "benchmark-suggested"
    if not output.is_interactive or _is_measured(made) or given.exists():
        return
    plan = await planned(channel, BenchmarkRequest())
    unknown = f", without {plan.unpriced_models} whose price is not known" if plan.unpriced_models else ""
    output.remark(
        "Your models were not measured yet: the choice rests on published scores. `ymera benchmark` measures them: "
        f"{plan.total_tasks:,} tasks, about {money(plan.expected_cost_micros)}{unknown}."
    )
    try:
        given.parent.mkdir(parents=True, exist_ok=True)
        given.touch()
    except OSError:  # then it is suggested again
        return


def _is_measured(made: Decision) -> bool:
    evidence = [part.evidence for each in made.candidates for part in each.components if part.name == "quality"]
    return not evidence or not all(each.startswith(_UNMEASURED) for each in evidence)

"""`ymera route`"""

from typing import Annotated

import typer
from ymera.v1.routing_pb2 import DecisionView
from ymera.v1.ymera_pb2 import RouteRequest
from ymera.v1.ymera_pb2_grpc import YmeraServiceStub

from ymera_service.cli import fields, options, requests
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.render.decision import decision
from ymera_service.cli.running import run

_Session = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Prefer the model that answered earlier requests of this session.",
        show_default=False,
        rich_help_panel=options.PREFERENCES,
    ),
]
_Full = Annotated[bool, typer.Option("--full", help="Show every candidate and every excluded model.")]


@options.of_server
def route(
    prompt: options.Prompt = None,
    *,
    model: options.Models = None,
    weights: options.Weights = None,
    max_cost: options.MaxCost = None,
    session: _Session = "",
    prefer_free: options.PreferFree = False,
    category: options.Category = "",
    policy: options.Policy = "",
    set_: options.Fields = None,
    full: _Full = False,
    server: Server,
    output: Output,
) -> None:
    """Shows which models would be tried for a prompt, and why, without calling a model.

    Candidates are listed in the order in which they would be tried, with the
    components of their scores; × is the weight of a component. Below them are
    the numbers of excluded models, by reason. Without --full only the best 5
    candidates are shown.

    [dim]ymera route "Prove that there are infinitely many primes"[/dim]
    [dim]ymera route "Translate this" --weights 1,3,1 --max-cost 0.01[/dim]
    """
    with output.reporting():
        request = RouteRequest(
            prompt=requests.prompt(requests.prompt_text(prompt)),
            preferences=requests.preferences(
                models=model,
                weights=weights,
                max_cost_micros=max_cost,
                session=session,
                prefer_free=prefer_free,
                category=category,
                policy=policy,
            ),
            attribution=requests.attribution(),
            decision_view=DecisionView.DECISION_VIEW_FULL if full else DecisionView.DECISION_VIEW_BASIC,
        )
        fields.assign(request, set_ or ())
    run(_route(request, server, output), output)


async def _route(request: RouteRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        routed = await YmeraServiceStub(channel).Route(request)
    output.show(routed, *decision(routed.decision))
    if not output.as_json:
        output.remark(f"\n`ymera explain {routed.request_id}` shows this again.")

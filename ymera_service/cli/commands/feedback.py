"""`ymera feedback`"""

from typing import Annotated

import typer
from ymera.v1.feedback_pb2 import FeedbackRequest, Thumb
from ymera.v1.feedback_pb2_grpc import FeedbackServiceStub

from ymera_service.cli import options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.past import latest, whole_id
from ymera_service.cli.problems import wrong
from ymera_service.cli.render.text import clean
from ymera_service.cli.running import run

_THUMBS = {"good": Thumb.THUMB_UP, "bad": Thumb.THUMB_DOWN}


@options.of_server
def feedback(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID] [good|bad]",
            help="The id that `ymera ask` printed, or its first 8 digits or more; without it, the latest request.",
        ),
    ] = None,
    *,
    last: Annotated[bool, typer.Option("--last", "-l", help="The latest request, as without an id.")] = False,
    score: Annotated[float | None, typer.Option(min=0, max=1, help="How good the answer was, from 0 to 1.")] = None,
    server: Server,
    output: Output,
) -> None:
    """Says how good an answer was.

    [dim]ymera feedback good[/dim]
    [dim]ymera feedback 019aa3c1-7c5e --score 0.3[/dim]
    """
    with output.reporting():
        request = _request(words or [], score, last=last)
    run(_feedback(request, server, output), output)


def _request(words: list[str], score: float | None, *, last: bool) -> FeedbackRequest:
    thumbs = [_THUMBS[word] for word in words if word in _THUMBS]
    ids = [word for word in words if word not in _THUMBS]
    if len(thumbs) > 1 or len(ids) > (0 if last else 1):
        raise wrong("give one request, and good or bad", "`ymera history` lists the latest requests.")
    if not thumbs and score is None:
        raise wrong("say how the answer was: good, bad, or --score with a number from 0 to 1")
    return FeedbackRequest(
        request_id=ids[0] if ids else "", thumb=thumbs[0] if thumbs else Thumb.THUMB_UNSPECIFIED, rating=score
    )


async def _feedback(request: FeedbackRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        request.request_id = await (whole_id(channel, request.request_id) if request.request_id else latest(channel))
        credit = await FeedbackServiceStub(channel).Feedback(request)
    output.show(
        credit, clean(f"{credit.model} for {credit.category}: {credit.quality:.2f} by all feedback on this answer")
    )

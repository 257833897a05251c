"""`ymera count`"""

from typing import Annotated

import typer
from ymera.v1.inference_pb2 import CountTokensRequest, CountTokensResponse
from ymera.v1.inference_pb2_grpc import InferenceServiceStub

from ymera_service.cli import completion, options, requests
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.render.text import clean
from ymera_service.cli.running import run

_Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="The model that would read the prompt, as each counts in its own way.",
        autocompletion=completion.models,
        show_default=False,
    ),
]


@options.of_server
def count(
    prompt: options.Prompt = None,
    *,
    model: _Model,
    server: Server,
    output: Output,
) -> None:
    """Counts the tokens of a prompt, without calling a model.

    The model's provider counts them, at no cost. Where it can't, the number is
    an estimate, which a tilde marks.

    [dim]cat report.md | ymera count -m 'anthropic/claude-haiku-4-5*'[/dim]
    """
    with output.reporting():
        request = CountTokensRequest(
            model=model, prompt=requests.prompt(requests.prompt_text(prompt)), attribution=requests.attribution()
        )
    run(_count(request, server, output), output)


async def _count(request: CountTokensRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        counted = await InferenceServiceStub(channel).CountTokens(request)
    output.show(counted, clean(_line(counted)))


def _line(counted: CountTokensResponse) -> str:
    about = "~" if counted.estimated else ""
    return f"{about}{counted.input_tokens:,} tokens · {counted.model}"

"""`ymera ask`"""

from pathlib import Path
from typing import Annotated

import typer
from ymera.v1.ymera_pb2 import ExecuteStreamRequest

from ymera_service.cli import fields, options, requests
from ymera_service.cli.answers import ShownAnswer, stream
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.conversations import Conversation
from ymera_service.cli.measuring import advise
from ymera_service.cli.output import Output
from ymera_service.cli.problems import CommandFailed
from ymera_service.cli.running import run

MAX_SECONDS = 1_000_000

_Files = Annotated[
    list[str] | None,
    typer.Option(
        "--file",
        "-f",
        metavar="FILE",
        help="A text file, PDF or other document to attach; - is standard input. Repeatable.",
    ),
]
_Images = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help="An image file, or the https address of an image. Repeatable."),
]
_Schema = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A JSON Schema; the answer is JSON that conforms to it.")
]
_Temperature = Annotated[float | None, typer.Option(help="Sampling temperature, 0 to 2; 0 is the least random.")]
_MaxTokens = Annotated[int | None, typer.Option(max=options.MAX_COUNT, help="The maximum number of output tokens.")]
_Extract = Annotated[
    bool, typer.Option("--extract", "-x", help="Print only the last code block of the answer, if it has one.")
]
_Timeout = Annotated[
    float | None, typer.Option(min=0.001, max=MAX_SECONDS, metavar="SECONDS", help="Time limit for the whole request.")
]


@options.of_server
def ask(
    prompt: options.Prompt = None,
    *,
    system: options.System = "",
    file: _Files = None,
    image: _Images = None,
    schema: _Schema = None,
    temperature: _Temperature = None,
    max_tokens: _MaxTokens = None,
    effort: options.Effort = "",
    extract: _Extract = False,
    timeout: _Timeout = None,
    model: options.Models = None,
    weights: options.Weights = None,
    max_cost: options.MaxCost = None,
    session: options.Session = "",
    prefer_free: options.PreferFree = False,
    category: options.Category = "",
    label: options.Labels = None,
    set_: options.Fields = None,
    server: Server,
    output: Output,
) -> None:
    """Sends a prompt to the best model and streams the answer.

    The answer goes to standard output. One line on standard error then shows
    the model, why it was chosen, input and output tokens, cost, time, and the
    id for `ymera explain`. With --json each event of the stream is printed as
    a line of JSON.

    On a terminal, thinking is shown dimmed before the answer. With --session the
    conversation is kept, and the next prompt of that session continues it.

    [dim]ymera ask "Write hello world in Python" -x > hello.py[/dim]
    [dim]ymera ask "What is wrong here?" -f app.py --weights quality=2,cost=1[/dim]
    [dim]git diff | ymera ask "Write a commit message." -m 'anthropic/*'[/dim]
    """
    with output.reporting():
        text = requests.prompt_text(prompt, piped=requests.STDIN not in (file or ()))
        asked = requests.prompt(text, system=system, files=file or (), images=image or (), schema=schema)
        requests.sample(asked, temperature=temperature, max_tokens=max_tokens)
        preferences = requests.preferences(
            models=model,
            weights=weights,
            max_cost_micros=max_cost,
            session=session,
            prefer_free=prefer_free,
            category=category,
        )
        conversation = Conversation(session)
        request = ExecuteStreamRequest(
            prompt=conversation.continued(asked),
            preferences=preferences,
            attribution=requests.attribution(options.labels(label)),
        )
        fields.assign(request, options.fields(effort, set_))
    answer = ShownAnswer(output, extract=extract and not output.as_json)
    run(_ask(request, timeout, server, answer, output), output)
    with output.reporting():
        conversation.add(asked, answer.text)


async def _ask(
    request: ExecuteStreamRequest, deadline: float | None, server: Server, answer: ShownAnswer, output: Output
) -> None:
    with answer:
        async with connected(server) as channel:
            await stream(channel, request, deadline, answer)
            if answer.is_real:
                await advise(channel, answer.decision, output)
    if answer.problem:
        raise CommandFailed(answer.problem)

"""`ymera chat`"""

import sys

from ymera.v1.ymera_pb2 import ExecuteStreamRequest

from ymera_service.cli import fields, options, requests
from ymera_service.cli.answers import ShownAnswer, stream
from ymera_service.cli.asking import next_line
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.conversations import Conversation
from ymera_service.cli.output import Output
from ymera_service.cli.problems import wrong
from ymera_service.cli.running import run


def chat(
    *,
    system: options.System = "",
    effort: options.Effort = "",
    model: options.Models = None,
    weights: options.Weights = None,
    max_cost: options.MaxCost = None,
    session: options.Session = "",
    prefer_free: options.PreferFree = False,
    category: options.Category = "",
    label: options.Labels = None,
    set_: options.Fields = None,
    address: options.Address = "",
    api_key_file: options.ApiKeyFile = None,
    config: options.ConfigFile = None,
) -> None:
    """Holds a conversation: a line is a message. Ctrl-D ends it.

    With --session it is kept, and continued the next time.

    [dim]ymera chat --session garden[/dim]
    """
    output = Output()
    with output.reporting():
        if sys.stdin is None or not sys.stdin.isatty():
            raise wrong("a chat needs a terminal", "`ymera ask --session NAME` continues a conversation.")
        conversation = Conversation(session)
        preferences = requests.preferences(
            models=model,
            weights=weights,
            max_cost_micros=max_cost,
            session=session,
            prefer_free=prefer_free,
            category=category,
        )
        request = ExecuteStreamRequest(preferences=preferences, attribution=requests.attribution(options.labels(label)))
        fields.assign(request, options.fields(effort, set_))
    run(_chat(conversation, system, request, Server(address, config, api_key_file), output), output)


async def _chat(
    conversation: Conversation, system: str, settings: ExecuteStreamRequest, server: Server, output: Output
) -> None:
    async with connected(server) as channel:
        while line := await next_line("> ", output):
            if not line.strip():
                continue
            prompt = requests.prompt(line.rstrip("\n"), system=system)
            request = ExecuteStreamRequest(prompt=conversation.continued(prompt))
            request.MergeFrom(settings)
            with ShownAnswer(output) as answer:
                await stream(channel, request, None, answer)
            if answer.problem:
                output.problem(answer.problem)
            else:
                conversation.add(prompt, answer.text)
    output.remark("")

"""`ymera keys`"""

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import grpc
import typer
from ymera.v1 import keys_pb2 as pb
from ymera.v1.keys_pb2_grpc import KeyServiceStub

from ymera_service.cli import completion, options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.problems import FAILED, CommandFailed, Problem, wrong
from ymera_service.cli.render import keys as render
from ymera_service.cli.running import run
from ymera_service.cli.secrets import contents, on_the_command_line, read_secret, recognised, refuse_keys, variables_in

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    help="Manages the keys of providers: encrypted, used at once, never shown.",
    no_args_is_help=True,
)

_Provider = Annotated[
    str,
    typer.Argument(metavar="PROVIDER", help="Such as openai.", autocompletion=completion.names("providers")),
]
_Name = Annotated[
    str, typer.Argument(metavar="[NAME]", help="Which of its keys; default 'default'.", show_default=False)
]
_OnlyProvider = Annotated[
    str,
    typer.Argument(
        metavar="[PROVIDER]",
        help="Only the keys of this provider.",
        show_default=False,
        autocompletion=completion.names("providers"),
    ),
]
_OnlyName = Annotated[str, typer.Argument(metavar="[NAME]", help="Only the key of this name.", show_default=False)]
_Source = Annotated[
    str,
    typer.Argument(
        metavar="[FILE]",
        help="A file such as .env; '-' for standard input; default the environment.",
        show_default=False,
    ),
]
_All = Annotated[bool, typer.Option("--all", help="Also those that were revoked.")]
_Rest = Annotated[list[str] | None, typer.Argument(hidden=True)]
_FromFile = Annotated[Path | None, typer.Option("--from-file", metavar="FILE", help="A file that holds the key.")]
_FromEnv = Annotated[
    str, typer.Option("--from-env", metavar="VARIABLE", help="The variable that holds the key.", show_default=False)
]
_ALONE = re.compile(r"unix:.*|https://.*|localhost:\d+|127\.\d+\.\d+\.\d+:\d+|\[::1\]:\d+|")
_BAD = (pb.KeyCheck.VERDICT_REFUSED, pb.KeyCheck.VERDICT_EXHAUSTED, pb.KeyCheck.VERDICT_UNREACHABLE)


@app.callback()
def keys() -> None:
    """Manages the keys of providers: encrypted, used at once, never shown."""


@app.command()
@options.of_server
def add(
    *,
    provider: _Provider,
    name: _Name = "",
    rest: _Rest = None,
    from_file: _FromFile = None,
    from_env: _FromEnv = "",
    server: Server,
    output: Output,
) -> None:
    """Adds a key of a provider. It is asked for, or read from a pipe, a file or a variable.

    [dim]ymera keys add openai · ymera keys add openai team-b < key.txt[/dim]
    """
    with output.reporting():
        secret = _secret(provider, name, rest, file=from_file, variable=from_env, address=server.address)
    request = pb.AddKeyRequest(provider=provider, name=name, secret=secret)
    run(_add(request, server, output), output)


@app.command(name="list")
@options.of_server
def list_keys(
    *,
    provider: _OnlyProvider = "",
    all_keys: _All = False,
    server: Server,
    output: Output,
) -> None:
    """Lists the keys with their state, age, latest use and cost of the last 30 days; those of the environment too."""
    run(_list(provider, server, output, revoked=all_keys), output)


@app.command()
@options.of_server
def check(
    *,
    provider: _OnlyProvider = "",
    name: _OnlyName = "",
    server: Server,
    output: Output,
) -> None:
    """Asks each provider whether it accepts its keys, by a call that costs nothing. Exit code 1 if one does not."""
    with output.reporting():
        refuse_keys([provider, name])
    request = pb.CheckKeysRequest(provider=provider, name=name)
    run(_check(request, server, output), output)


@app.command()
@options.of_server
def rotate(
    *,
    provider: _Provider,
    name: _Name = "",
    rest: _Rest = None,
    from_file: _FromFile = None,
    from_env: _FromEnv = "",
    server: Server,
    output: Output,
) -> None:
    """Replaces a key by a new one, which is read as by `add`. Calls use it from then on; no server restarts."""
    with output.reporting():
        secret = _secret(provider, name, rest, file=from_file, variable=from_env, address=server.address)
    request = pb.RotateKeyRequest(provider=provider, name=name, secret=secret)
    run(_rotate(request, server, output), output)


@app.command()
@options.of_server
def revoke(
    *,
    provider: _Provider,
    name: _Name = "",
    server: Server,
    output: Output,
) -> None:
    """Deletes a key; no call uses it from then on. At its vendor it stays valid until you delete it there."""
    with output.reporting():
        refuse_keys([provider, name])
    request = pb.RevokeKeyRequest(provider=provider, name=name)
    run(_revoke(request, server, output), output)


@app.command(name="import")
@options.of_server
def import_keys(
    *,
    source: _Source = "",
    server: Server,
    output: Output,
) -> None:
    """Adds all keys in the environment, in a file or from standard input whose variables are those of a vendor.

    OPENAI_API_KEY becomes the key 'default', OPENAI_API_KEY_TEAM_A becomes 'team-a'.

    [dim]ymera keys import · ymera keys import .env · pass show ai | ymera keys import -[/dim]
    """
    with output.reporting():
        refuse_keys([source])
        _check_address(server.address)
        variables = _variables(source)
    run(_import(variables, server, output), output)


@app.command(name="master-key")
def master_key() -> None:
    """Prints a new master key, with which keys are encrypted, for vault.master_key or vault.master_key_file."""
    from ymera_service.access.envelope import new_master_key  # noqa: PLC0415  # no other command needs it

    print(new_master_key())


def _secret(provider: str, name: str, rest: list[str] | None, *, file: Path | None, variable: str, address: str) -> str:
    """Returns the key to send.

    Raises:
        CommandFailed: There is none, it is on the command line, or it would be sent unencrypted.
    """
    if rest:
        raise on_the_command_line()
    refuse_keys([provider, name, variable])
    _check_address(address)
    return read_secret(f"Key of {provider}", file, variable)


def _check_address(address: str) -> None:
    if not _ALONE.fullmatch(address):
        raise wrong(
            f"a key is not sent to {address} without encryption", "Write https://… if the server uses TLS; see --help."
        )


def _variables(source: str) -> dict[str, str]:
    if not source:
        return dict(os.environ)
    return variables_in(sys.stdin.read() if source == "-" else contents(Path(source)))


async def _add(request: pb.AddKeyRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        key = (await KeyServiceStub(channel).AddKey(request)).key
    output.show(key, f"added {_words(key)}")


async def _rotate(request: pb.RotateKeyRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        key = (await KeyServiceStub(channel).RotateKey(request)).key
    output.show(key, f"rotated {_words(key)}")


async def _revoke(request: pb.RevokeKeyRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        key = (await KeyServiceStub(channel).RevokeKey(request)).key
    output.show(key, f"revoked {_words(key)}; delete it at its vendor, too")


def _words(key: pb.ProviderKey) -> str:
    return f"{key.provider} {key.name} ({key.fingerprint})"


async def _list(provider: str, server: Server, output: Output, *, revoked: bool) -> None:
    async with connected(server) as channel:
        found = await KeyServiceStub(channel).ListKeys(pb.ListKeysRequest())
    wanted = [
        key
        for key in found.keys
        if provider in {"", key.provider} and (revoked or key.state != pb.ProviderKey.STATE_REVOKED)
    ]
    output.show(pb.ListKeysResponse(keys=wanted, providers=found.providers), *render.keys(wanted))


async def _check(request: pb.CheckKeysRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        found = await KeyServiceStub(channel).CheckKeys(request)
    output.show(found, *render.checks(found.checks))
    if any(check.verdict in _BAD for check in found.checks):
        raise typer.Exit(FAILED)


async def _import(variables: dict[str, str], server: Server, output: Output) -> None:
    added, left = pb.ListKeysResponse(), []
    async with connected(server) as channel:
        stub = KeyServiceStub(channel)
        listed = await stub.ListKeys(pb.ListKeysRequest())
        providers = {one.provider: list(one.variables) for one in listed.providers}
        for variable, provider, name, secret in recognised(variables, providers):
            try:
                response = await stub.AddKey(pb.AddKeyRequest(provider=provider, name=name, secret=secret))
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
                    raise
                left.append(f"{variable}: {error.details()}")
            else:
                added.keys.append(response.key)
    if not added.keys and not left:
        raise CommandFailed(Problem("no vendor's key was found", ("`ymera keys add PROVIDER` adds one.",)))
    output.show(added, *(f"added {_words(key)}" for key in added.keys))
    for line in left:
        output.remark(f"left out {line}", "yellow")

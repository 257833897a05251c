"""What a command has to wait for before it does anything."""

import subprocess
import sys

import pytest

CODE = """
import sys
from ymera_service.cli import main
try:
    main()
except SystemExit:
    pass
print(*sys.modules)
"""
SERVER = {"aiohttp", "alembic", "numpy", "sqlalchemy", "ymera_service.server"}


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--version"], {"grpc", "pydantic", "rich", "typer", *SERVER}),
        (["nonsense"], {"google.protobuf", "grpc", *SERVER}),
        (["health", "--address", "127.0.0.1:1"], {"ymera_service.cli.commands.ask", *SERVER}),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], unneeded: set[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    assert set(run.stdout.split()) & unneeded == set()

"""What a command has to wait for before it does anything."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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
UNUSED = {"alembic", "packaging.requirements", "sqlalchemy.dialects.postgresql", "ymera_anthropic.provider"}
"""By a server: what a new database, another kind of it, and a vendor without a key take."""
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
    assert _imported(*arguments) & unneeded == set()


def test_a_server_imports_only_the_kinds_of_database_and_provider_that_it_uses(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment = {**kept, "YMERA_STORAGE__URL": f"sqlite:///{tmp_path / 'ymera.db'}"}
    assert "alembic" in _imported("models", environment=environment)  # the tables are created
    assert _imported("models", environment=environment) & UNUSED == set()


def _imported(*arguments: str, environment: Mapping[str, str] | None = None) -> set[str]:
    command = [sys.executable, "-c", CODE, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    return set(run.stdout.splitlines()[-1].split())

"""`ymera keys` as a user runs it: on a database alone, and against a running server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

YMERA = [sys.executable, "-c", "from ymera_service.cli import main; main()"]
BOUND = 60
SECRET = "sk-abcdefgh-0123456789-ijklmnop"
CONFIG = """
[catalog]
discovery_seconds = 0.5
[plugins]
disabled = ["ollama", "simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.vendors.groq]
base_url = "http://127.0.0.1:9"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "ymera.toml").write_text(CONFIG)
    return tmp_path


def ymera(home: Path, *arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY") and "YMERA" not in name}
    folders = {f"XDG_{kind}_HOME": str(home / kind) for kind in ("DATA", "CONFIG", "STATE", "CACHE")}
    run = subprocess.run(
        [*YMERA, *arguments],
        input=stdin,
        cwd=home,
        env={**kept, **folders, "COLUMNS": "200", **more},
        capture_output=True,
        check=False,
        text=True,
        timeout=BOUND,
    )
    assert SECRET not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run


def listed(home: Path) -> list[dict[str, object]]:
    run = ymera(home, "keys", "list", "--all", "--json")
    assert run.returncode == 0, run.stderr
    keys: list[dict[str, object]] = json.loads(run.stdout)["keys"]
    return keys


def test_a_key_is_kept_between_commands(home: Path) -> None:
    added = ymera(home, "keys", "add", "groq", stdin=SECRET)
    assert (added.returncode, added.stdout) == (0, "added groq default (…mnop)\n")
    again = ymera(home, "keys", "add", "groq", "other", stdin=SECRET)
    assert (again.returncode, "named 'default' already" in again.stderr) == (2, True)
    [key] = listed(home)
    assert (key["provider"], key["name"], key["state"]) == ("groq", "default", "STATE_ACTIVE")
    checked = ymera(home, "keys", "check")
    assert (checked.returncode, "unreachable" in checked.stdout) == (1, True)
    rotated = ymera(home, "keys", "rotate", "groq", "--from-env", "NEW", NEW="sk-new-0123456789-abcdefgh")
    assert rotated.stdout == "rotated groq default (…efgh)\n"
    revoked = ymera(home, "keys", "revoke", "groq")
    assert "delete it at its vendor" in revoked.stdout
    assert [key["state"] for key in listed(home)] == ["STATE_REVOKED"]
    stored = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert SECRET.encode() not in stored


def test_keys_are_imported_by_the_names_of_their_variables(home: Path) -> None:
    (home / ".env").write_text(f"GROQ_API_KEY={SECRET}\nGROQ_API_KEY_TEAM='sk-team-0123456789-abcdefgh'\nOTHER=x\n")
    imported = ymera(home, "keys", "import", ".env")
    assert imported.stdout.splitlines() == ["added groq default (…mnop)", "added groq team (…efgh)"]
    again = ymera(home, "keys", "import", "-", stdin=f"GROQ_API_KEY={SECRET}")
    assert "left out GROQ_API_KEY" in again.stderr
    assert ymera(home, "keys", "import").returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "add", SECRET),
        ("keys", "add", "groq", SECRET),
        ("keys", "add", "groq", "work", SECRET),
        ("keys", "rotate", "groq", "work", SECRET),
        ("keys", "add", "groq", f"--key={SECRET}"),
        ("keys", "revoke", "groq", SECRET),
        ("keys", "check", SECRET),
        ("keys", "import", SECRET),
        ("keys", "add", "groq", "--from-env", SECRET),
    ],
)
def test_a_key_on_the_command_line_is_refused_and_not_repeated(home: Path, arguments: tuple[str, ...]) -> None:
    run = ymera(home, *arguments)
    assert run.returncode == 2


def test_a_key_is_not_sent_to_another_machine_without_encryption(home: Path) -> None:
    run = ymera(home, "keys", "add", "groq", "--address", "ymera.example:50051", stdin=SECRET)
    assert (run.returncode, "without encryption" in run.stderr) == (2, True)


def test_a_master_key_is_printed(home: Path) -> None:
    one, other = (ymera(home, "keys", "master-key").stdout for _ in range(2))
    assert len(one.strip()) == 44
    assert one != other


def test_commands_without_keys_do_not_import_cryptography(home: Path) -> None:
    for arguments in (["--version"], ["--help"], ["config", "check"]):
        code = (
            "import sys; from ymera_service.cli import main\n"
            "try: main()\nexcept SystemExit: pass\n"
            "assert 'cryptography' not in sys.modules"
        )
        run = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
            timeout=BOUND,
        )
        assert run.returncode == 0, run.stderr

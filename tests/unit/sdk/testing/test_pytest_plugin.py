"""The fixtures for plugin authors, which every pytest run loads."""

import subprocess
import sys
from pathlib import Path

LEAVES_OPEN = """
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.testing.recorded import Exchange

def test_leaves_a_response_open(recorded_http):
    transport = recorded_http(Exchange(b"hello"))
    transport.left = transport.open(HttpRequest("GET", "https://acme.example")).__aenter__()
    transport.left.send(None)
"""


def pytest_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, timeout=60)


def test_a_response_left_open_fails_the_authors_test(tmp_path: Path) -> None:
    (tmp_path / "test_author.py").write_text(LEAVES_OPEN)
    run = pytest_run(tmp_path)
    assert "1 responses were left open" in run.stdout
    assert run.returncode == 1


def test_a_run_without_the_plugin_works(tmp_path: Path) -> None:
    (tmp_path / "test_author.py").write_text("def test_nothing(): pass\n")
    assert pytest_run(tmp_path, "-p", "no:ymera").returncode == 0


def test_loading_it_imports_no_slow_modules() -> None:
    script = (
        "import sys, pytest; before = set(sys.modules); import ymera_service.sdk.testing.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.split() == [
        "ymera_service",
        "ymera_service.sdk",
        "ymera_service.sdk.testing",
        "ymera_service.sdk.testing.pytest_plugin",
    ]

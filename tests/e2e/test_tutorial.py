"""The page "Write a provider in an afternoon" does what it says."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "ymera_service" / "docs" / "write-a-provider.md"
TITLED = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader's folder: each titled block of the page in its file, and the plugin installed."""
    folder = tmp_path_factory.mktemp("ymera-acme")
    for name, text in TITLED.findall(PAGE.read_text(encoding="utf-8")):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    _install(folder)
    return folder


def _install(folder: Path) -> None:
    """Writes what an editable install writes: the metadata of the distribution, beside its code."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    metadata = folder / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [f"{name} = {value}" for name, value in project["entry-points"]["ymera"].items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[ymera]", *lines, ""]))


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(folder / "src")}


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@contextmanager
def _fake_acme(folder: Path) -> Iterator[str]:
    command = [sys.executable, "fake_acme.py", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as acme:
        try:
            assert acme.stdout
            yield acme.stdout.readline().split()[-1]
        finally:
            acme.terminate()


def test_the_page_has_every_file_that_it_needs(project: Path) -> None:
    files = {str(file.relative_to(project)) for file in project.rglob("*") if file.suffix in {".py", ".toml"}}
    assert files == {
        "pyproject.toml",
        "fake_acme.py",
        "src/ymera_acme/__init__.py",
        "src/ymera_acme/dialect.py",
        "src/ymera_acme/provider.py",
        "tests/test_contract.py",
        "tests/test_acme.py",
    }


def test_its_entry_point_loads(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(project / "src")
    [(name, value)] = tomllib.loads((project / "pyproject.toml").read_text())["project"]["entry-points"][
        "ymera"
    ].items()
    assert EntryPoint(name, value, "ymera").load().AcmeSettings().api_key is None


def test_its_tests_pass(project: Path) -> None:
    run = _run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"\d{2} passed", run.stdout)


def test_its_types_are_strict(project: Path) -> None:
    run = _run(project, "-m", "mypy", "--strict", "--cache-dir", str(project / "cache"), "src")
    assert run.returncode == 0, run.stdout + run.stderr

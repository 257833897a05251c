"""The files and commands of the page "Write a provider in an afternoon" work."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
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
    """The reader's environment, without vendors' keys of the person who runs the tests: no vendor is ever called.

    Nor with the options of this run of tests, such as one that asks for the coverage of Ymera.
    """
    left_out = ("_API_KEY", "YMERA_ADDRESS", "PYTEST_ADDOPTS")
    kept = {name: value for name, value in os.environ.items() if not name.endswith(left_out)}
    path = os.pathsep.join(filter(None, [str(folder / "src"), kept.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path, "XDG_DATA_HOME": str(folder / "data"), "ACME_API_KEY": "open-sesame"}


def _run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**_environment(folder), **environment},
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


def test_its_tests_pass(project: Path) -> None:
    run = _run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"\d{2} passed", run.stdout)


def test_its_types_are_strict(project: Path) -> None:
    run = _run(project, "-m", "mypy", "--strict", "--cache-dir", str(project / "cache"), "src")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def acme(project: Path) -> Iterator[None]:
    """The page's fake vendor, and the configuration that finds it."""
    with _fake_acme(project) as url:
        settings = f'[plugins]\ndisabled = ["anthropic", "openai"]\n[plugins.acme]\nurl = "{url}"\n'
        (project / "ymera.toml").write_text(settings)
        yield


def _ymera(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return _run(folder, "-c", "from ymera_service.cli import main; main()", *arguments, **environment)


@pytest.mark.usefixtures("acme")
def test_the_server_lists_the_plugin_and_its_model(project: Path) -> None:
    plugins = {plugin["name"]: plugin for plugin in json.loads(_ymera(project, "plugins", "--json").stdout)["plugins"]}
    assert plugins["acme"]["state"] == "STATE_ACTIVE", plugins["acme"]["detail"]
    assert plugins["acme"]["registrations"] == [{"kind": "KIND_PROVIDER", "name": "acme"}]
    models = {model["id"]: model for model in json.loads(_ymera(project, "models", "--json").stdout)["models"]}
    assert models["acme/acme-small"]["price"]["input_micros_per_million"] == "100000"


@pytest.mark.usefixtures("acme")
def test_acme_answers_and_is_recorded(project: Path) -> None:
    run = _ymera(project, "ask", "--model", "acme/acme-small", "Good morning")
    assert (run.returncode, run.stdout) == (0, "Acme heard: Good morning \n"), run.stderr
    assert "2 → 4 tokens · $0.000002 ·" in run.stderr


@pytest.mark.usefixtures("acme")
def test_an_invalid_key_and_an_invalid_setting_are_reported(project: Path, tmp_path: Path) -> None:
    run = _ymera(project, "ask", "--model", "acme/acme-small", "Good morning", ACME_API_KEY="wrong")
    assert run.returncode == 1
    assert "Acme does not know this key." in run.stderr
    file = tmp_path / "wrong.toml"
    file.write_text('[plugins.acme]\nadress = "http://127.0.0.1:8089"\n')
    run = _ymera(project, "config", "check", "--config", str(file))
    assert run.returncode == 2
    assert "plugins.acme.adress" in run.stderr

"""Conventions that the import contracts in `pyproject.toml` can't express."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ymera_service.execution.stages import Admit, Generate, Route, Screen
from ymera_service.sdk import hookspecs

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
PAGES = "\n".join(page.read_text() for page in (ROOT / "ymera_service/docs").glob("*.md"))
HOOKS = [name for name in vars(hookspecs) if name.startswith("ymera_")]


def test_the_sdk_does_not_import_grpc() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "ymera_service/sdk").rglob("*.py")
        if path.stem != "__init__"
    ]
    imports = "; ".join(f"import {module}" for module in modules)
    check = (
        f"{imports}; import sys; bad = {{'grpc', 'google.protobuf', 'ymera'}} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_every_plugin_has_a_readme_an_entry_point_of_its_name_and_tests(plugin: Path) -> None:
    project = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]
    assert project["name"] == f"ymera-{plugin.name}"
    assert plugin.name in project["entry-points"]["ymera"]
    assert len((plugin / "README.md").read_text().splitlines()) > 5
    assert list(plugin.glob("tests/test_*.py"))
    required = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}  # type: ignore[index]  # it matches
    assert "ymera-sdk" in required
    assert "ymera" not in required


FORMATS = [plugin for plugin in PLUGINS if any("decoder" in path.stem for path in plugin.glob("src/*/*.py"))]


@pytest.mark.parametrize("plugin", FORMATS, ids=lambda path: path.name)
def test_every_format_declares_its_features_and_survives_broken_answers(plugin: Path) -> None:
    tests = "".join(path.read_text() for path in plugin.glob("tests/test_*.py"))
    assert "(FeaturesContract)" in tests
    assert "(DecoderContract)" in tests


def test_the_sdk_has_the_version_of_the_contract_and_needs_little() -> None:
    project = tomllib.loads((ROOT / "ymera_service/sdk/pyproject.toml").read_text())["project"]
    assert project["version"].split(".")[:2] == [str(part) for part in hookspecs.CONTRACT]
    assert [line.partition(">")[0] for line in project["dependencies"]] == ["pluggy", "pydantic"]


def test_no_module_belongs_to_both_the_server_and_the_sdk() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "ymera_service/sdk" in wheel["exclude"]


def test_the_sdk_works_without_the_server(tmp_path: Path) -> None:
    """As in an environment of a plugin's author: `ymera_service` is then a namespace package."""
    target = tmp_path / "ymera_service" / "sdk"
    shutil.copytree(ROOT / "ymera_service/sdk", target, ignore=shutil.ignore_patterns("__pycache__"))
    check = (
        "import sys; sys.path = [folder for folder in sys.path if 'editable' not in folder];"
        f"sys.path[:] = [{str(tmp_path)!r}, *(each for each in sys.path if each != {str(ROOT)!r})];"
        "import ymera_service.sdk.hookspecs, ymera_service.sdk.testing.answers, ymera_service.sdk as sdk;"
        f"assert sdk.__file__.startswith({str(tmp_path)!r}), sdk.__file__;"
        "bad = {'orjson', 'structlog', 'aiohttp', 'pytest', 'numpy'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=tmp_path, timeout=60)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_and_implemented_by_a_first_party_plugin(hook: str) -> None:
    assert hook in PAGES
    assert any(f"def {hook}(" in source.read_text() for plugin in PLUGINS for source in plugin.glob("src/**/*.py")), (
        f"no first-party plugin implements {hook}"
    )


def public_definitions() -> list[tuple[str, ast.AST]]:
    found: list[tuple[str, ast.AST]] = []
    for path in sorted((ROOT / "ymera_service").rglob("*.py")):
        tree = ast.parse(path.read_text())
        where = str(path.relative_to(ROOT))
        if "migrations" not in where:
            found.append((where, tree))
        found += [
            (f"{where}:{node.lineno} {node.name}", node)
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
        ]
    return found


def test_everything_public_has_a_docstring() -> None:
    silent = [
        where
        for where, node in public_definitions()
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_file_is_too_long() -> None:
    sources = [*(ROOT / "ymera_service").rglob("*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
    assert {str(path.relative_to(ROOT)) for path in sources if len(path.read_text().splitlines()) > 400} == set()


def test_the_readmes_trace_of_a_request_lists_the_stages_in_their_order() -> None:
    """`tests/integration/test_trace.py` compares its files with a request."""
    readme = (ROOT / "README.md").read_text()
    trace = readme.partition("## How a request flows")[2].partition("```")[2].partition("```")[0]
    stages = re.findall(r"^ +([A-Z][a-z]+) ", trace.replace("execution/stages.py", " " * 19), re.MULTILINE)
    assert stages == [stage.__name__ for stage in (Screen, Route, Admit, Generate)]
    source = (ROOT / "ymera_service/execution/building.py").read_text()
    assert "(Screen(slots), route, Admit(slots), generate)" in source

"""Runs the experiments with failures and prints what was tried, what is promised, and what was observed.

    uv run tests/faults/report.py [--long] [--only NAME]

Each experiment is a test: its module and parameters say what is tried, its name is the promise, and what it noted
with `observe` is what was seen. Tests run one after the other, as some of them measure time. All traffic is on
loopback. Exits with 1 if a promise was not kept.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHERE = (
    "tests/faults",
    "tests/integration/test_limits.py",
    "tests/integration/test_listener.py",
    "tests/integration/test_memory.py",
    "tests/integration/test_shutdown.py",
)


@dataclass(frozen=True)
class Row:
    """An experiment and what came of it."""

    experiment: str
    promise: str
    observed: str

    @classmethod
    def of(cls, report: pytest.TestReport) -> "Row":
        """Reads the row from the report of a test that has ended."""
        path, _, test = report.nodeid.partition("::")
        name, _, parameters = test.rpartition("::")[2].partition("[")
        module = Path(path).stem.removeprefix("test_").replace("_", " ")
        experiment = ": ".join(filter(None, (module, parameters.removesuffix("]").replace("_", " "))))
        return cls(experiment, name.removeprefix("test_").replace("_", " "), _observed(report))

    def __str__(self) -> str:
        return (
            "| "
            + " | ".join(
                " ".join(cell.replace("|", "/").split()) for cell in (self.experiment, self.promise, self.observed)
            )
            + " |"
        )


def _observed(report: pytest.TestReport) -> str:
    seen = "; ".join(str(value) for name, value in report.user_properties if name == "observed")
    if report.skipped:
        return f"not tried: {_reason(report)}"
    if report.failed:
        return ". ".join(filter(None, (f"NOT KEPT: {_reason(report)}", seen)))
    return seen or "kept"


def _reason(report: pytest.TestReport) -> str:
    """Returns the first line of why a test was skipped or failed."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else report.longreprtext).strip().partition("\n")[0]


class Table:
    """A plugin of pytest that prints a row for each experiment after all have ended."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._kept = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes the end of an experiment, or of a preparation for it that failed."""
        if report.when == "call" or report.outcome != "passed":
            self._rows.append(Row.of(report))
            self._kept += report.passed

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the table."""
        for line in self.lines():
            terminalreporter.write_line(line)

    def lines(self) -> Iterator[str]:
        """Yields the table, as Markdown."""
        yield from ("", str(Row("experiment", "promise", "observed")), "|---|---|---|")
        yield from map(str, self._rows)
        yield f"\n{len(self._rows)} experiments, {self._kept} promises kept"


def main(arguments: Sequence[str]) -> int:
    """Runs the experiments and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="tests/faults/report.py"
    )
    parser.add_argument("--long", action="store_true", help="also run what takes minutes, such as 100 × kill -9")
    parser.add_argument("--only", metavar="NAME", default="", help="run only what has this in its name, as pytest's -k")
    given = parser.parse_args(arguments)
    options = ["-n", "0", "-q", "--no-header", "--tb", "short", "--rootdir", str(ROOT), "-k", given.only]
    # A test that takes too long is to fail alone: the other method ends the process.
    options += ["-m", "" if given.long else "not long", "-o", "timeout_method=signal"]
    return pytest.main([*options, *(str(ROOT / path) for path in WHERE)], plugins=[Table()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

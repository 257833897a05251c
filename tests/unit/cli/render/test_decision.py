"""Decisions and attempts, as they are shown."""

import io

import pytest
from rich.console import Console
from ymera.v1 import routing_pb2

from tests.unit.cli.render.shown import ATTEMPTS, DECISION, TWO_SECONDS, candidate, lines
from ymera_service.cli.render.decision import SHOWN, attempts, decision


def test_a_decision_shows_candidates_scores_and_exclusions() -> None:
    assert lines(decision(DECISION)) == [
        "acme/large for coding (0.81): best quality",
        "category: coding 0.81 · math 0.19; emotion: frustration 0.70 · neutral 0.25; complexity: 0.38",
        "",
        "   model       score  quality ×0.60  cost ×0.40      cost    time",
        "1  acme/large  0.940           0.90        1.00  $0.00012  2.00 s",
        "2  acme/small  0.700           0.50        1.00   unknown       ?",
        "… and 10 more; --full --json shows all",
        "",
        "why acme/large",
        "  0.540  quality  over 24 tasks",
        "  0.400  cost     free",
        "",
        "excluded  why            such as",
        "       3  too expensive  acme/dear $0.02 expected, above $0.01",
    ]


def test_a_full_view_shows_every_excluded_model() -> None:
    excluded = [
        routing_pb2.Exclusion(
            model=f"acme/{n}", account="key-1", reason=routing_pb2.EXCLUSION_REASON_DENIED, detail="denied"
        )
        for n in range(SHOWN + 5)
    ]
    shown = lines(decision(routing_pb2.Decision(excluded_targets=excluded)))
    assert "acme/0#key-1   denied  denied" in shown
    assert "… and 5 more; --full --json shows all" in shown


def test_attempts_show_their_target_and_turn() -> None:
    hedge = routing_pb2.Attempt(turn=2, number=2, model="acme/large", duration=TWO_SECONDS, hedge=True)
    assert lines([attempts([*ATTEMPTS, hedge])]) == [
        "attempt  model                  time  first token  outcome",
        "      1  acme/large#key-1@eu  2.00 s               RATE_LIMITED: no",
        "      2  acme/small           2.00 s       2.00 s  answered",
        "    2.1  acme/small           2.00 s               answered",
        "    2.2  acme/large (hedge)   2.00 s               answered",
    ]


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (80, ["1", "acme/large", "0.940", "0.90", "1.00", "$0.00012", "2.00", "s"]),
        (60, ["1", "acme/large", "0.940", "0.90", "$0.00012", "2.00", "s"]),
        (40, ["1", "acme/large", "0.940", "$0.00012", "2.00", "s"]),
        (20, ["1", "acme/large", "$0.00012"]),
    ],
)
def test_a_narrow_terminal_gets_fewer_columns(width: int, row: list[str]) -> None:
    console = Console(record=True, width=width, file=io.StringIO(), markup=False, highlight=False)
    console.print(*decision(DECISION), sep="\n", crop=False)
    [first] = [line for line in console.export_text().splitlines() if line.startswith("1  acme/large")]
    assert first.split() == row


def test_of_hundreds_of_models_the_first_are_shown_and_the_rest_counted() -> None:
    made = routing_pb2.Decision(candidates=[candidate(f"acme/{n}", 1, 1) for n in range(SHOWN + 5)])
    assert "… and 5 more; --full --json shows all" in lines(decision(made))


def test_text_that_would_control_the_terminal_is_made_harmless() -> None:
    made = routing_pb2.Decision(
        explanation="\x1b]0;owned\x07x [bold]kept[/bold]",
        exclusions=[routing_pb2.ExclusionCount(model="acme/\x1b[31mred\x9b", detail="\b\r")],
    )
    shown = "\n".join(lines(decision(made)))
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\b", "\r"}
    assert "[bold]kept[/bold]" in shown

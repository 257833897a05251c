"""Parsing of options."""

from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from ymera.v1.routing_pb2 import RoutingWeights

from ymera_service.cli.app import app
from ymera_service.cli.connect import Server
from ymera_service.cli.options import _weights, of_server, usd
from ymera_service.cli.output import Output


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("2,1,1", RoutingWeights(quality=2, speed=1, cost=1)),
        (" 0.6 , 0.15,0.25", RoutingWeights(quality=0.6, speed=0.15, cost=0.25)),
        ("cost=1", RoutingWeights(cost=1)),
        ("speed=0.5, quality=2", RoutingWeights(quality=2, speed=0.5)),
    ],
)
def test_weights_are_three_or_named(text: str, weights: RoutingWeights) -> None:
    assert _weights(text) == weights


@pytest.mark.parametrize(
    "text", ["", "1", "1,2", "1,2,3,4", "a,b,c", "1,nan,1", "1,-1,1", "beauty=1", "cost=x", "1,cost=1"]
)
def test_invalid_weights_are_rejected(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        _weights(text)


@given(micros=st.integers(min_value=0, max_value=10**12))
def test_an_amount_inusd_is_parsed_to_the_micro(micros: int) -> None:
    assert usd(f"{micros // 10**6}.{micros % 10**6:06d}") == micros


def test_an_amount_is_a_limit_and_is_rounded_down() -> None:
    assert (usd("0.0000019"), usd("$1"), usd("1e-6")) == (1, 1_000_000, 1)


@pytest.mark.parametrize("text", ["", "a lot", "-1", "inf", "nan", "1e30"])
def test_invalid_amounts_are_rejected(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        usd(text)


@pytest.mark.parametrize(
    "words",
    [
        "ask hi --max-tokens 99999999999",
        "ask hi --timeout inf",
        "ask hi --max-cost 1e30",
        "benchmark --max-minutes inf",
        "benchmark --max-minutes 1e300",
        "benchmark --max-requests 99999999999",
        "benchmark --seed 99999999999999999999",
    ],
)
def test_numbers_that_no_request_can_hold_are_a_wrong_command_line(words: str) -> None:
    assert CliRunner().invoke(app, words.split()).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ("", Server(), False)),
        (
            ["--word", "x", "--address", "h:1", "--config", "c.toml", "--api-key-file", "k", "--json"],
            ("x", Server("h:1", Path("c.toml"), Path("k")), True),
        ),
    ],
)
def test_a_command_gets_the_server_and_the_output_of_its_options(arguments: list[str], expected: object) -> None:
    given = []

    def command(*, word: str = "", server: Server, output: Output) -> None:
        given.append((word, server, output.as_json))

    under_test = typer.Typer()
    under_test.command()(of_server(command))
    result = CliRunner().invoke(under_test, arguments, env={"YMERA_ADDRESS": None, "YMERA_API_KEY_FILE": None})
    assert result.exit_code == 0, result.output
    assert given == [expected]

"""What the user typed → requests."""

import io
from pathlib import Path

import pytest
from ymera.v1 import content_pb2
from ymera.v1.routing_pb2 import RoutingPreferences, RoutingWeights

from ymera_service.cli import requests
from ymera_service.cli.problems import WRONG, CommandFailed

USER, SYSTEM = content_pb2.ROLE_USER, content_pb2.ROLE_SYSTEM


class Stdin(io.TextIOWrapper):
    """Standard input, a terminal or a pipe."""

    def __init__(self, data: bytes, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data))
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_a_prompt_contains_all_options(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object"}')
    prompt = requests.prompt("Why?", system="Be brief.", schema=schema)
    requests.sample(prompt, temperature=0, max_tokens=5)
    assert [(message.role, message.parts[0].text) for message in prompt.messages] == [
        (SYSTEM, "Be brief."),
        (USER, "Why?"),
    ]
    assert prompt.response_format == content_pb2.ResponseFormat(
        type=content_pb2.ResponseFormat.TYPE_JSON_SCHEMA, schema='{"type": "object"}'
    )
    assert prompt.sampling == content_pb2.SamplingParameters(temperature=0, max_output_tokens=5)
    assert prompt.sampling.HasField("temperature")


def test_absent_options_are_left_to_the_server() -> None:
    prompt = requests.prompt("Why?")
    assert not prompt.HasField("sampling")
    assert not prompt.HasField("response_format")
    assert requests.preferences() == RoutingPreferences()


def test_preferences_contain_all_options() -> None:
    weights = RoutingWeights(quality=2, cost=1)
    assert requests.preferences(
        models=["openai/*"], weights=weights, max_cost_micros=0, session="s", prefer_free=True
    ) == RoutingPreferences(
        allow_models=["openai/*"],
        weights=weights,
        max_cost_micros=0,
        session_id="s",
        prefer_free=True,
    )


def test_text_files_are_sent_as_text_and_others_as_bytes(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("x = 'ü'\n", encoding="utf-8")
    (tmp_path / "paper.pdf").write_bytes(b"%PDF\xff")
    (tmp_path / "chart.png").write_bytes(b"\x89PNG")
    files = [str(tmp_path / "code.py"), str(tmp_path / "paper.pdf"), "https://acme.example/b.pdf"]
    images = [str(tmp_path / "chart.png"), "https://acme.example/a.jpg"]
    text, paper, remote, chart, photo, question = requests.prompt("?", files=files, images=images).messages[0].parts
    assert text.text == "code.py:\n\nx = 'ü'\n\n\n"
    assert paper.file == content_pb2.Media(data=b"%PDF\xff", mime_type="application/pdf", filename="paper.pdf")
    assert remote.file == content_pb2.Media(uri="https://acme.example/b.pdf", filename="b.pdf")
    assert chart.image == content_pb2.Media(data=b"\x89PNG", mime_type="image/png")
    assert photo.image == content_pb2.Media(uri="https://acme.example/a.jpg")
    assert question.text == "?"


@pytest.mark.parametrize("argument", ["-", None])
def test_standard_input_is_read_for_a_dash_or_a_missing_argument(
    argument: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Stdin("Grüß Gott\n".encode()))
    assert requests.prompt_text(argument) == "Grüß Gott\n"


@pytest.mark.parametrize(
    ("data", "terminal", "prompt"),
    [(b"piped\n\n", False, "piped\n\ntyped"), (b"\n", False, "typed"), (b"", False, "typed"), (b"x", True, "typed")],
)
def test_piped_input_goes_before_the_argument(
    data: bytes, terminal: bool, prompt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Stdin(data, terminal))
    assert requests.prompt_text("typed") == prompt


def test_piped_input_is_left_to_an_option_that_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = Stdin(b"piped")
    monkeypatch.setattr("sys.stdin", stdin)
    assert requests.prompt_text("typed", piped=False) == "typed"
    assert stdin.read() == "piped"


def test_a_process_without_standard_input_has_the_argument_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert requests.prompt_text("typed") == "typed"


def test_a_missing_prompt_at_a_terminal_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Stdin(b"", terminal=True))
    with pytest.raises(CommandFailed, match="the prompt is missing"):
        requests.prompt_text(None)


def test_what_can_not_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Stdin(b"ab\xff"))
    text = tmp_path / "notes.txt"
    text.write_text("x")
    for build, complaint in (
        (lambda: requests.prompt_text("-"), "standard input is not UTF-8 at byte 2"),
        (lambda: requests.prompt_text("a\udcff"), "the prompt is not UTF-8 at character 1"),
        (lambda: requests.prompt("?", files=[str(tmp_path / "none")]), "No such file"),
        (lambda: requests.prompt("?", files=[str(tmp_path)]), "Is a directory"),
        (lambda: requests.prompt("?", files=["a\0b"]), "can't be read"),
        (lambda: requests.prompt("?", images=[str(text)]), "is not named as an image"),
        (lambda: requests.prompt("?", schema=tmp_path / "none"), "No such file"),
    ):
        with pytest.raises(CommandFailed, match=complaint) as raised:
            build()
        assert raised.value.problem.exit_code == WRONG

"""Text from outside neither controls a terminal nor hides anything from its reader."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.cli.render.text import clean, harmless, harmless_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b31mred\x7f", r"\x9b31mred\x7f"),
        ("user\u202egpj.exe\u2066", r"user\u202egpj.exe\u2066"),
        ("hi\U000e0041\U000e007f", r"hi\U000e0041\U000e007f"),
        ("done\rfake", r"done\x0dfake"),
        ("a\ud800b\ufeff\u2028", r"a\ud800b\ufeff\u2028"),
    ],
)
def test_what_is_not_seen_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert harmless(text) == clean(text).plain == shown


@pytest.mark.parametrize(
    "text", ["line\n\tindented", "Grüße, 世界, שלום, مرحبا", "👩‍👩‍👧 ❤️ 🇩🇪", "zero\u200bwidth", "[bold]"]
)
def test_what_people_write_is_kept(text: str) -> None:
    assert harmless(text) == text


def test_windows_line_ends_become_newlines() -> None:
    assert harmless("a\r\nb") == "a\nb"


@given(st.text())
def test_nothing_that_controls_a_terminal_is_left(text: str) -> None:
    shown = harmless(text)
    assert not [one for one in shown if unicodedata.category(one) == "Cc" and one not in "\n\t"]
    assert not [one for one in shown if unicodedata.bidirectional(one) in {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI"}]


@given(st.text())
def test_json_keeps_its_meaning(text: str) -> None:
    document = harmless_json(json.dumps({"text": text, text: 1}, ensure_ascii=False, indent=2))
    assert json.loads(document) == {"text": text, text: 1}
    assert harmless(document) == document

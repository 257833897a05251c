"""A text that a regular expression accepts, for the plain expressions found in schemas."""

import re
import string

_CLASSES = {"d": string.digits, "w": string.ascii_lowercase + string.digits + "_", "s": " "}
_ANY = string.ascii_letters + string.digits + string.punctuation + " "
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")


def text_for(pattern: str, least: int = 0) -> str:
    """Returns a text that matches and is at least so long, where the pattern is plain enough."""
    for repeat in (1, max(least, 2)):
        text = _Writer(pattern, repeat).text()
        if re.search(pattern, text) and len(text) >= least:
            return text
    return text


class _Writer:
    """Reads a pattern once, left to right, and writes what it asks for; open repeats count `repeat`."""

    def __init__(self, pattern: str, repeat: int) -> None:
        self._pattern = pattern
        self._at = 0
        self._repeat = repeat

    def text(self) -> str:
        first = self._sequence()
        while self._take("|"):
            self._sequence()
        if self._take(")"):
            return first + self.text()
        return first

    def _sequence(self) -> str:
        written = ""
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            item = self._item()
            written += item * self._times()
        return written

    def _item(self) -> str:
        character = self._pattern[self._at]
        self._at += 1
        match character:
            case "^" | "$":
                return ""
            case ".":
                return "a"
            case "(":
                return self._group()
            case "[":
                return self._one_of_set()
            case "\\":
                return self._escape()[:1]
            case _:
                return character

    def _group(self) -> str:
        if prefix := re.compile(r"\?(?::|P<\w+>|[=!])").match(self._pattern, self._at):
            self._at = prefix.end()
        first = self._sequence()
        while self._take("|"):
            self._sequence()
        self._take(")")
        return "" if prefix and prefix[0] in {"?=", "?!"} else first

    def _one_of_set(self) -> str:
        refused = self._take("^")
        members = ""
        while self._at < len(self._pattern) and not (self._pattern[self._at] == "]" and members):
            members += self._member()
        self._take("]")
        return next((one for one in _ANY if one not in members), "a") if refused else members[:1]

    def _member(self) -> str:
        first = self._pattern[self._at]
        self._at += 1
        if first == "\\":
            return self._escape()
        if self._pattern[self._at : self._at + 1] == "-" and self._pattern[self._at + 1 : self._at + 2] not in {
            "",
            "]",
        }:
            last = self._pattern[self._at + 1]
            self._at += 2
            return "".join(map(chr, range(ord(first), ord(last) + 1)))
        return first

    def _escape(self) -> str:
        letter = self._pattern[self._at : self._at + 1]
        self._at += 1
        if letter.isupper():
            return next((one for one in _ANY if one not in _CLASSES.get(letter.lower(), "")), "") * (letter != "B")
        return _CLASSES.get(letter, "" if letter == "b" else letter)

    def _times(self) -> int:
        counted = _REPEAT.match(self._pattern, self._at)
        if counted:
            self._at = counted.end()
            times = int(counted[1]) if counted[2] or counted[2] is None else max(int(counted[1]), self._repeat)
        elif self._take("*") or self._take("+"):
            times = self._repeat
        else:
            times = 0 if self._take("?") else 1
        self._take("?")
        return min(times, 1000)

    def _take(self, character: str) -> bool:
        found = self._pattern.startswith(character, self._at)
        self._at += found
        return found

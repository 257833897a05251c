"""Times of the day: when something ends, starts, or how long it takes."""

import re

from ymera_simulator.solvers.question import Question, Solution

_TIME = re.compile(r"\b(\d{1,2})[:.](\d{2})(?!\d)\s*([ap]\.?m\b\.?)?|\b(\d{1,2})\s*([ap]\.?m\b\.?)|\b(noon|midnight)\b")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*-?(hours?|hrs?|h|minutes?|mins?|m)\b")
_MINUTES = {"h": 60, "m": 1}
_DAY = 24 * 60
_BACKWARDS = re.compile(
    r"\b(?:when did (?:it|he|she|they|the \w+) (?:start|begin|leave|depart)|start time|what time did .*(?:start|"
    r"begin|leave|depart|set off)|before|ago|earlier|at the latest|must .* (?:leave|start)|should .* (?:leave|"
    r"start))\b"
)


def solve_clock(question: Question) -> Solution | None:
    """Adds a duration to a time, takes it off, or measures between two times."""
    text = re.sub(r"\bhalf an hour\b", "30 minutes", question.digits)
    text = re.sub(
        r"(\d+) and a half hours|(\d+) hours and a half", lambda match: f"{match[1] or match[2]}.5 hours", text
    )
    text = re.sub(r"\ban? hour\b", "1 hour", text)
    text = re.sub(r"\b(?:a )?quarter of 1 hour\b|\bquarter hour\b", "15 minutes", text)
    times = [_minutes(match) for match in _TIME.finditer(text)]
    durations = [round(float(amount) * _MINUTES[unit[0]]) for amount, unit in _PART.findall(_TIME.sub(" ", text))]
    halves = _TIME.search(text)
    twelve = halves is not None and re.search(r"\d\s*[ap]\.?m\b", text) is not None
    if (
        len(times) == 2
        and not durations
        and re.search(r"how long|how many (?:minutes|hours)|duration|how much time|last", text)
    ):
        return _length(times[0], times[1], text)
    if len(times) == 1 and durations:
        total = -sum(durations) if _BACKWARDS.search(text) else sum(durations)
        return Solution(_clock(times[0] + total, twelve), _clock(times[0] + total + 60, twelve))
    return None


def _minutes(match: re.Match[str]) -> int:
    if match[6]:
        return 12 * 60 if match[6] == "noon" else 0
    hour, minute, half = int(match[1] or match[4]), int(match[2] or 0), match[3] or match[5]
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return hour * 60 + minute


def _length(start: int, end: int, text: str) -> Solution | None:
    minutes = (end - start) % _DAY
    if re.search(r"how many minutes|in minutes|number of minutes", text):
        return Solution(str(minutes), str(minutes + 10))
    return Solution(_span(minutes), _span(minutes + 60))


def _span(minutes: int) -> str:
    parts = [(minutes // 60, "hour"), (minutes % 60, "minute")]
    return " ".join(f"{count} {unit}{'s' * (count != 1)}" for count, unit in parts if count) or "0 minutes"


def _clock(minutes: int, twelve: bool) -> str:
    hour, minute = divmod(minutes % _DAY, 60)
    if twelve:
        return f"{(hour - 1) % 12 + 1}:{minute:02d} {'PM' if hour >= 12 else 'AM'}"
    return f"{hour:02d}:{minute:02d}"

"""Logs are one line of JSON or text per event, from Ymera and from libraries. Each test runs in a separate
process, as the configuration is global."""

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import asyncio, logging, warnings
import structlog
from ymera_service.config import LogSettings
from ymera_service.telemetry.logs import REQUEST_ID, configure
from ymera_service.telemetry.redaction import Redactor
configure(LogSettings(**{settings}), Redactor(["sk-0123456789"]).line)
log = structlog.get_logger("ymera")
{body}
"""


def lines(body: str, ends: int = 0, **settings: str) -> list[str]:
    program = PROGRAM.replace("{settings}", repr(settings)).replace("{body}", body)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (ends, ""), done.stderr
    return done.stderr.splitlines()


def entries(body: str, ends: int = 0, **settings: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(body, ends, format="json", **settings)]


def test_an_event_is_one_line_of_json() -> None:
    (entry,) = entries("log.info('call', status='OK', tokens=3, odd={1: object})")
    assert (entry["event"], entry["level"], entry["status"], entry["tokens"]) == ("call", "info", "OK", 3)
    assert entry["timestamp"].endswith("+00:00")


def test_what_has_no_usual_json_is_logged_too() -> None:
    body = (
        "log.info('call', status='OK', tokens=10**30, more=10**5000, text='half ' + chr(0xd83d), odd={(1, 2): object})"
    )
    (entry,) = entries(body)
    assert (entry["event"], entry["status"], entry["tokens"], entry["more"]) == ("call", "OK", f"{10**30}", "int")
    assert entry["text"] == "'half \\ud83d'"


def test_log_lines_of_a_request_have_its_id() -> None:
    body = """
async def work(number):
    REQUEST_ID.set(number)
    await asyncio.sleep(0)
    log.info('step')
    logging.getLogger('library').warning('said %s', 'so')

async def main():
    await asyncio.gather(work('a'), work('b'))
    log.info('outside')
asyncio.run(main())
"""
    found = [(entry["event"], entry.get("request_id")) for entry in entries(body)]
    assert sorted(found[:4]) == [("said so", "a"), ("said so", "b"), ("step", "a"), ("step", "b")]
    assert found[4:] == [("outside", None)]


def test_levels_below_the_configured_one_are_not_logged() -> None:
    body = "log.debug('a'); log.info('b'); log.warning('c'); log.error('d')"
    assert [entry["event"] for entry in entries(body, level="warning")] == ["c", "d"]


def test_libraries_are_logged_from_level_warning() -> None:
    body = """
for level in ('debug', 'info', 'warning', 'error'):
    getattr(logging.getLogger('sqlalchemy.engine'), level)(level)
warnings.warn('old')
"""
    assert [entry["event"] for entry in entries(body)][:2] == ["warning", "error"]
    assert "old" in entries(body)[2]["event"]
    assert [entry["event"] for entry in entries(body, level="debug")][:2] == ["debug", "info"]


def test_a_traceback_stays_on_the_line_of_its_event() -> None:
    body = """
secret = 'sk-123'
try:
    1 / 0
except ZeroDivisionError:
    log.exception('ours')
    logging.getLogger('library').exception('theirs')
"""
    ours, theirs = entries(body)
    assert ours["level"] == theirs["level"] == "error"
    assert "ZeroDivisionError" in ours["exception"]
    assert "ZeroDivisionError" in theirs["exception"]


def test_text_for_people_shows_no_local_variables() -> None:
    body = """
secret = 'sk-' + '123'
try:
    {}['nothing' if secret else '']
except KeyError:
    log.exception('failed', model='a/b')
"""
    text = "\n".join(lines(body, format="console"))
    assert "failed" in text
    assert "model" in text
    assert "KeyError" in text
    assert "sk-123" not in text


def test_auto_is_json_without_a_terminal() -> None:
    (line,) = lines("log.info('hello')")
    assert json.loads(line)["event"] == "hello"


@pytest.mark.parametrize("format", ["json", "console"])
def test_no_secret_is_logged(format: str) -> None:
    body = """
key = 'sk-0123' + '456789'
log.warning('key ' + key, key=key, nested={'keys': [key, b'%s' % key.encode()]})
try:
    raise ValueError(f'refused {key}')
except ValueError:
    log.exception('failed')
    logging.getLogger('library').exception('failed with %s', key)
logging.getLogger('library').warning('%s', {'authorization': f'Bearer {key}'})
"""
    text = "\n".join(lines(body, format=format))
    assert "sk-0123456789" not in text
    assert text.count("[redacted]") >= 7
    assert "ValueError" in text


def test_lines_of_one_turn_of_the_loop_are_written_together_at_its_end() -> None:
    body = """
import os

async def main():
    written = os.pipe()
    os.dup2(written[1], 2)
    os.set_blocking(written[0], False)
    log.info('first')
    log.info('second')
    try:
        held = os.read(written[0], 4096)
    except BlockingIOError:
        held = b''
    await asyncio.sleep(0)
    found = os.read(written[0], 4096)
    os.dup2(kept, 2)
    log.info('found', held=held.count(b'\\n'), later=found.count(b'\\n'))

kept = os.dup(2)
asyncio.run(main())
log.info('after the loop')
"""
    found, after = entries(body)
    assert (found["held"], found["later"]) == (0, 2)
    assert after["event"] == "after the loop"


@pytest.mark.parametrize("level", ["warning", "error"])
def test_a_failure_is_written_at_once_with_the_lines_before_it(level: str) -> None:
    body = f"""
import os, signal

async def main():
    log.info('call')
    log.{level}('failed')
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    assert [entry["event"] for entry in entries(body, ends=-signal.SIGKILL)] == ["call", "failed"]

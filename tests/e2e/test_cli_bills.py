"""`ymera usage --billed` as a user runs it. No vendor is called: a server on this machine answers as documented."""

import csv
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.test_cli_keys import SECRET, ymera

CONFIG = """
[plugins]
disabled = ["ollama", "simulator", "anthropic"]
[plugins.openai]
discover_local = false
[plugins.openai.vendors.openai]
base_url = "http://127.0.0.1:{port}/v1"
api_key = "sk-ordinary-0123456789"
models = ["gpt-5.1"]
"""
DAY = 1_793_491_200
"""The beginning of 2026-11-01 in Unix seconds."""


class Costs(BaseHTTPRequestHandler):
    """Answers as https://platform.openai.com/docs/api-reference/usage/costs shows."""

    def do_GET(self) -> None:
        ordinary = self.headers["authorization"] != f"Bearer {SECRET}"
        result = {"object": "organization.costs.result", "amount": {"value": 2.5, "currency": "usd"}}
        bucket = {"object": "bucket", "start_time": DAY, "end_time": DAY + 86400, "results": [result]}
        page = {"object": "page", "data": [bucket], "has_more": False, "next_page": None}
        body = json.dumps({"error": {"message": "no"}} if ordinary else page).encode()
        self.send_response(403 if ordinary else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Costs) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "ymera.toml").write_text(CONFIG.format(port=server.server_address[1]))
        yield tmp_path
        server.shutdown()


PERIOD = ("--since", "2026-11-01", "--until", "2026-11-03")
VARIABLE = "YMERA_PLUGINS__OPENAI__VENDORS__OPENAI__ADMIN_KEY"


def test_bills_are_shown_as_a_table_as_json_and_as_csv(home: Path) -> None:
    shown = ymera(home, "usage", "--billed", *PERIOD, **{VARIABLE: SECRET, "COLUMNS": "80"})
    assert shown.returncode == 0, shown.stderr
    assert "2026-11-01  openai       $0.00   $2.50      +$2.50" in shown.stdout
    document = json.loads(ymera(home, "usage", "--billed", *PERIOD, "--json", **{VARIABLE: SECRET}).stdout)
    assert document["days"][0]["billed_micros"] == "2500000"
    printed = ymera(home, "usage", "--billed", *PERIOD, "--csv", **{VARIABLE: SECRET}).stdout
    [row] = csv.DictReader(printed.splitlines())
    assert (row["day"], row["recorded_micros"], row["difference_micros"]) == ("2026-11-01", "0", "2500000")


def test_what_is_missing_or_wrong_is_said(home: Path) -> None:
    missing = ymera(home, "usage", "--billed", *PERIOD)
    assert (missing.returncode, "set plugins.openai.vendors.openai.admin_key" in missing.stdout) == (0, True)
    ordinary = ymera(home, "usage", "--billed", *PERIOD, "--csv", **{VARIABLE: "sk-ordinary-0123456789"})
    assert "openai: an ordinary key is not accepted here" in ordinary.stderr
    for more in (("--by", "day"), ("--model", "openai/gpt-5.1"), ("--label", "a=b")):
        refused = ymera(home, "usage", "--billed", *more)
        assert (refused.returncode, "compares whole days" in refused.stderr) == (2, True)

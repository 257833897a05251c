"""Commands and servers that do, and that do not, use TLS."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

YMERA = [sys.executable, "-c", "from ymera_service.cli import main; main()"]
BOUND = 60


class Machine:
    """A folder with a self-signed certificate, in which servers and commands run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate, self.key = str(folder / "tls.pem"), str(folder / "tls.key")
        options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        files = ["-keyout", self.key, "-out", self.certificate]
        subprocess.run(
            ["openssl", "req", *options.split(), *names, *files], check=True, capture_output=True, timeout=60
        )
        self.server_tls = {
            "YMERA_SERVER__TLS_CERTIFICATE": self.certificate,
            "YMERA_SERVER__TLS_PRIVATE_KEY": self.key,
        }

    def environment(self, given: dict[str, str]) -> dict[str, str]:
        home = {f"XDG_{kind}_HOME": str(self.folder / kind) for kind in ("DATA", "CONFIG")}
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
        return {**kept, **home, "YMERA_PLUGINS__DISABLED": '["openai", "anthropic"]', **given}

    @contextmanager
    def serving(self, **given: str) -> Iterator[str]:
        command = [*YMERA, "serve", "--address", "127.0.0.1:0"]
        environment = self.environment(given)
        with subprocess.Popen(command, cwd=self.folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            try:
                yield next(line["address"] for line in map(json.loads, process.stderr) if line["event"] == "serving")
            finally:
                process.terminate()
                process.communicate(timeout=BOUND)

    def models(self, address: str, **given: str) -> tuple[int, str]:
        command = [*YMERA, "models", "--address", address]
        run = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(given),
            capture_output=True,
            text=True,
            timeout=BOUND,
            check=False,
        )
        return run.returncode, run.stderr


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


def test_plaintext_against_tls_is_named(machine: Machine) -> None:
    with machine.serving(**machine.server_tls) as address:
        code, said = machine.models(address)
        assert code == 1
        assert f"If it uses TLS, write its address as https://{address}." in said
        code, said = machine.models(f"https://{address}")
        assert code == 1
        assert "is not trusted" in said
        assert "YMERA_TLS_CA" in said
        assert machine.models(f"https://{address}", YMERA_TLS_CA=machine.certificate) == (0, "")


def test_tls_against_plaintext_is_named(machine: Machine) -> None:
    with machine.serving() as address:
        code, said = machine.models(f"https://{address}")
    assert code == 1
    assert f"the server at {address} does not use TLS" in said


def test_a_client_certificate_is_presented(machine: Machine) -> None:
    with machine.serving(**machine.server_tls, YMERA_SERVER__TLS_CLIENT_CA=machine.certificate) as address:
        trusting = {"YMERA_TLS_CA": machine.certificate}
        code, said = machine.models(f"https://{address}", **trusting)
        assert code == 1
        assert "YMERA_TLS_CERTIFICATE" in said
        own = {"YMERA_TLS_CERTIFICATE": machine.certificate, "YMERA_TLS_KEY": machine.key}
        assert machine.models(f"https://{address}", **trusting, **own) == (0, "")
        code, said = machine.models(f"https://{address}", **trusting, YMERA_TLS_CERTIFICATE=machine.certificate)
        assert (code, "set both" in said) == (2, True)

"""How a server starts, and the errors if it can't."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
import structlog
from ymera.v1 import content_pb2, ymera_pb2, ymera_pb2_grpc

from ymera_service.config import ConfigError, Settings, load
from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.server import Application

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

WAIT = 10


async def faults(settings: Settings, lab: Lab) -> dict[str, str]:
    """Returns the errors that prevent a start."""
    with pytest.raises(ConfigError) as caught:
        async with Application.start(settings, lab.found):
            pass
    return {fault.where: fault.problem for fault in caught.value.faults}


async def test_a_port_in_use_is_named(app: Application, make_settings: Callable[..., Settings], lab: Lab) -> None:
    found = await faults(make_settings(server={"address": app.address}), lab)
    assert app.address in found["server.address"]
    assert "another program listens there" in found["server.address"]


@pytest.mark.parametrize("address", ["203.0.113.7:50051", "unix:/nowhere/at/all"])
async def test_an_invalid_address_is_named(make_settings: Callable[..., Settings], lab: Lab, address: str) -> None:
    assert address in (await faults(make_settings(server={"address": address}), lab))["server.address"]


@pytest.mark.parametrize(
    ("address", "problem"), [("nonsense", "write host:port"), ("127.0.0.1:99999", "ports go up to 65535")]
)
async def test_an_invalid_address_of_the_command_line_is_named(
    settings: Settings, lab: Lab, address: str, problem: str
) -> None:
    server = settings.server.model_copy(update={"address": address})
    found = await faults(settings.model_copy(update={"server": server}), lab)
    assert problem in found["server.address"]


async def test_the_error_of_an_unknown_classifier_lists_the_registered_ones(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    found = await faults(make_settings(routing={"classifiers": {"lexicle": 2}}), lab)
    assert found["routing.classifiers"] == "no plugin registers a classifier 'lexicle'; registered: lab"


async def test_without_a_classifier_the_server_starts_and_every_task_is_general(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    settings = make_settings(routing={"classifiers": {"lab": 0}})
    prompt = content_pb2.Prompt(
        messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="Fix this code")])]
    )
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        routed = await stub.Route(ymera_pb2.RouteRequest(prompt=prompt), timeout=WAIT)
    assert routed.decision.category == "general"


async def test_a_mistyped_name_in_balancing_is_logged(make_settings: Callable[..., Settings], lab: Lab) -> None:
    settings = make_settings(balancing={"providers": {"lba": "weighted"}})
    with structlog.testing.capture_logs() as lines:
        async with Application.start(settings, lab.found), asyncio.timeout(10):
            while not (found := [line for line in lines if line["event"] == "unknown_name_in_settings"]):  # noqa: ASYNC110  # a log has no event
                await asyncio.sleep(0.01)
    assert [line["name"] for line in found] == ["balancing.providers.lba"]


async def test_a_database_that_cannot_be_opened_is_named(
    make_settings: Callable[..., Settings], lab: Lab, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    settings = make_settings(storage={"url": f"sqlite:///{tmp_path / 'folder'}"})
    with pytest.raises(StorageUnavailable, match="folder"):
        async with Application.start(settings, lab.found):
            pass


async def test_a_server_can_listen_on_a_unix_socket(
    make_settings: Callable[..., Settings], lab: Lab, tmp_path: Path
) -> None:
    address = f"unix:{tmp_path / 'socket'}"
    async with Application.start(make_settings(server={"address": address}), lab.found) as app:
        assert app.address == address
        async with grpc.aio.insecure_channel(address) as channel:
            assert await healthy(channel)


async def healthy(channel: grpc.aio.Channel) -> bool:
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
    health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
    return health.status == ymera_pb2.HEALTH_STATUS_OK


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of PEM files: an authority, and certificates of a server and a client that it signed."""
    folder = tmp_path_factory.mktemp("certificates")
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for name in ("server", "client"):
        issue(folder, name)
    return folder


def openssl(folder: Path, *arguments: str, output: str = "ca") -> None:
    common = ["-keyout", f"{output}.key", "-out", f"{output}.pem", "-days", "2", "-subj", f"/CN=ymera test {output}"]
    subprocess.run(["openssl", *arguments, *common], cwd=folder, check=True, capture_output=True, timeout=60)


def issue(folder: Path, name: str) -> None:
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *curve, *signed, "-addext", "basicConstraints=critical,CA:FALSE", output=name)


def tls(folder: Path, **more: Path) -> dict[str, Path]:
    return {"tls_certificate": folder / "server.pem", "tls_private_key": folder / "server.key", **more}


async def test_tls_is_used_if_configured(make_settings: Callable[..., Settings], lab: Lab, certificates: Path) -> None:
    trusted = grpc.ssl_channel_credentials((certificates / "ca.pem").read_bytes())
    async with Application.start(make_settings(server=tls(certificates)), lab.found) as app:
        async with grpc.aio.secure_channel(app.address, trusted) as channel:
            assert await healthy(channel)
        async with grpc.aio.insecure_channel(app.address) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await healthy(channel)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_client_certificate_is_required_when_configured(
    make_settings: Callable[..., Settings], lab: Lab, certificates: Path
) -> None:
    ca = (certificates / "ca.pem").read_bytes()
    key, certificate = ((certificates / f"client.{kind}").read_bytes() for kind in ("key", "pem"))
    settings = make_settings(server=tls(certificates, tls_client_ca=certificates / "ca.pem"))
    async with Application.start(settings, lab.found) as app:
        known = grpc.ssl_channel_credentials(ca, key, certificate)
        async with grpc.aio.secure_channel(app.address, known) as channel:
            assert await healthy(channel)
        async with grpc.aio.secure_channel(app.address, grpc.ssl_channel_credentials(ca)) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await healthy(channel)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_every_tls_file_that_cannot_be_read_is_named(
    make_settings: Callable[..., Settings], lab: Lab, tmp_path: Path
) -> None:
    found = await faults(make_settings(server=tls(tmp_path, tls_client_ca=tmp_path / "ca.pem")), lab)
    assert set(found) == {"server.tls_certificate", "server.tls_private_key", "server.tls_client_ca"}
    assert str(tmp_path / "server.key") in found["server.tls_private_key"]


async def test_a_key_of_another_certificate_is_rejected_at_the_start(
    make_settings: Callable[..., Settings], lab: Lab, certificates: Path
) -> None:
    mixed = tls(certificates) | {"tls_private_key": certificates / "client.key"}
    found = await faults(make_settings(server=mixed), lab)
    assert "client.key" in found["server.tls_certificate"]


async def test_a_file_that_is_not_a_certificate_is_rejected_at_the_start(
    make_settings: Callable[..., Settings], lab: Lab, certificates: Path, tmp_path: Path
) -> None:
    (tmp_path / "junk.pem").write_text("junk")
    found = await faults(make_settings(server=tls(certificates, tls_client_ca=tmp_path / "junk.pem")), lab)
    assert "junk.pem" in found["server.tls_client_ca"]


def test_a_variable_of_a_section_that_is_not_a_table_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YMERA_SERVER", "127.0.0.1:50051")
    with pytest.raises(ConfigError) as caught:
        load()
    (fault,) = caught.value.faults
    assert fault.where == "server"
    assert "YMERA_SERVER__KEY" in fault.problem

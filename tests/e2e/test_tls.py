"""TLS on the listener: configured, checked, reloaded."""

import ssl
import subprocess

import pytest
import yaml

from conftest import FIRE, make_call
from harness import ROOT, Server, run, wait_until

pytestmark = pytest.mark.smoke


def identity(folder, name):
    """A self-signed certificate for the name, and its key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "1", "-subj", f"/CN={name}", "-keyout", folder / "key.pem",
                    "-out", folder / "certificate.pem"], check=True, capture_output=True)


@pytest.fixture
def secured():
    server = Server(policies={"fire.yml": FIRE})
    identity(server.folder, "one.example")
    server.settings["server"]["tls"] = {"certificate": "certificate.pem", "key": "key.pem"}
    server.config.write_text(yaml.safe_dump(server.settings, sort_keys=False))
    try:
        yield server.start()
    finally:
        server.close()


def shown(server):
    return ssl.get_server_certificate(("127.0.0.1", server.port))


def on_disk(server):
    return (server.folder / "certificate.pem").read_text()


def test_ingest_and_health_over_tls(secured):
    answer = secured.ingest([make_call()])
    assert (answer.status, answer.json["accepted"]) == (200, 1)
    assert secured.run("healthcheck").returncode == 0
    assert b"HTTP" not in secured.raw(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    assert 'callerprint_http_tls_handshakes_total{result="failed"}' in secured.get("/metrics").text


def test_sighup_reads_the_certificate_again_and_keeps_it_when_bad(secured):
    first = on_disk(secured)
    assert shown(secured) == first
    identity(secured.folder, "two.example")
    secured.reload()
    wait_until(lambda: shown(secured) == on_disk(secured), what="the new certificate")
    second = on_disk(secured)
    assert second != first
    (secured.folder / "key.pem").write_text("nonsense")
    secured.reload()
    wait_until(lambda: "callerprint_config_last_reload_successful 0" in secured.get("/metrics").text,
               what="the refused reload")
    assert shown(secured) == second
    assert "key.pem: holds no PEM private key" in secured.log.read_text()


def test_check_config_reads_the_files(tmp_path):
    identity(tmp_path, "one.example")
    key = (tmp_path / "key.pem").read_text()
    identity(tmp_path, "two.example")
    config = tmp_path / "callerprint.yaml"
    config.write_text("server: {tls: {certificate: certificate.pem, key: key.pem}}\npolicies: []\n"
                      f"lists: {ROOT}/config/lists\nformats: {ROOT}/config/formats\n")
    done = run("check-config", config=config)
    assert done.returncode == 0, done.stderr
    (tmp_path / "key.pem").write_text(key)
    done = run("check-config", config=config)
    assert done.returncode == 2 and "does not belong to" in done.stderr, done.stderr

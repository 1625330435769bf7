"""What ships besides the program: scripts, unit, compose file, image."""

import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from harness import ROOT

SCRIPTS = ["deploy/quickstart", "deploy/lib.sh", "tests/run", ".ci/run", ".ci/tidy"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_posix_and_clean(script):
    done = subprocess.run(["shellcheck", "-x", "-s", "sh", script], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout
    if os.access(ROOT / script, os.X_OK):
        assert subprocess.run(["sh", "-n", ROOT / script], check=False).returncode == 0


@pytest.mark.parametrize("arguments", [["--prot", "1"], ["--port", "many"], ["--port", "123456"]])
def test_quickstart_refuses_wrong_options_before_it_does_anything(arguments):
    done = subprocess.run([ROOT / "deploy/quickstart", *arguments], capture_output=True, text=True,
                          check=False, timeout=10)
    assert done.returncode == 2
    assert "quickstart" in done.stderr


def test_unit_is_hardened():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20",
                           ROOT / "deploy/systemd/callerprint.service"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_compose_pins_images_and_opens_loopback_only():
    services = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"]
    for name, service in services.items():
        assert re.search(r":v?\d+\.\d+", service["image"]), name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), port
    assert services["callerprint"]["read_only"] is True


def test_image_runs_as_a_number_and_checks_its_health():
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER \d+:\d+$", text, re.M)
    assert "HEALTHCHECK" in text
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M):
        for name in copied.split():
            assert (ROOT / name).exists(), name


def test_every_package_named_for_the_build_is_in_debian():
    if shutil.which("apt-cache") is None:
        pytest.fail("apt-cache is not here: run this on Debian")
    known = set(subprocess.run(["apt-cache", "pkgnames"], capture_output=True, text=True,
                               check=True).stdout.split())
    for file in (ROOT / "deploy/packages").glob("*.txt"):
        assert set(file.read_text().split()) - known == set()


def test_every_relative_link_in_the_documents_leads_somewhere():
    broken = []
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_presets_are_those_the_scripts_use():
    presets = {p["name"] for p in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}
    assert {"release", "debug", "asan", "tsan"} <= presets

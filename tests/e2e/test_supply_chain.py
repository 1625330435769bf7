"""What the program is made of is listed exactly, and it is built to be hard to turn against its host."""

import json
import pathlib
import re
import subprocess

import pytest

from harness import PROGRAM, ROOT

BUILD = PROGRAM.parent
# What the sanitizers build is not what ships.
pytestmark = [] if not re.search(r"/build/[^/]*(asan|tsan)", str(PROGRAM)) else pytest.mark.skip("not what ships")
PROGRAMS = [PROGRAM, BUILD / "callerprint-verify"]


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def bill():
    return json.loads(output(ROOT / "deploy/sbom", BUILD))


def test_the_bill_of_materials_is_spdx(bill):
    assert (bill["spdxVersion"], bill["dataLicense"], bill["SPDXID"]) == ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["creationInfo"]["created"])
    assert all(re.match(r"(Person|Organization|Tool): ", one) for one in bill["creationInfo"]["creators"])
    assert re.fullmatch(r"https://[^#\s]+", bill["documentNamespace"])
    identifiers = [package["SPDXID"] for package in bill["packages"]]
    assert len(set(identifiers)) == len(identifiers)
    defined = {info["licenseId"] for info in bill["hasExtractedLicensingInfos"]}
    for package in bill["packages"]:
        assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", package["SPDXID"])
        assert package["name"] and package["versionInfo"] and package["downloadLocation"]
        assert package["filesAnalyzed"] is False
        declared = package["licenseDeclared"]
        words = set(re.findall(r"[^\s()]+", declared)) - {"AND", "OR", "WITH"}
        assert all(re.fullmatch(r"[A-Za-z0-9.-]+\+?", word) for word in words), declared
        assert {word for word in words if word.startswith("LicenseRef-")} <= defined
    known = {*identifiers, "SPDXRef-DOCUMENT"}
    for relation in bill["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= known
        assert relation["relationshipType"] in ("DESCRIBES", "DYNAMIC_LINK", "BUILD_DEPENDENCY_OF")


def test_the_bill_has_the_versions_that_are_installed_and_the_same_bytes_each_time(bill):
    for package in bill["packages"]:
        if package["SPDXID"].startswith("SPDXRef-Package-"):
            installed = output("dpkg-query", "-W", "-f", "${Version}\n", package["name"]).split()
            assert package["versionInfo"] in installed, package["name"]
    assert json.loads(output(ROOT / "deploy/sbom", BUILD)) == bill


def test_each_library_of_the_third_party_page_is_in_the_bill(bill):
    page = (ROOT / "docs/reference/third-party.md").read_text()
    linked = page.split("## Linked into the program")[1].split("##")[0]
    names = {package["name"] for package in bill["packages"]}
    # Packages of headers that no file of ours includes: the linker takes their library alone.
    unused = {"libjemalloc-dev", "libpq-dev", "libboost-json1.81-dev", "libboost-url1.81-dev"}
    for name in re.findall(r"\b[a-z0-9.+-]+-dev\b", linked):
        assert name in names | unused, name
    assert "libjemalloc2" in names and "libpq5" in names


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_the_program_is_hardened(program):
    header, segments = output("readelf", "-hW", program), output("readelf", "-lW", program)
    dynamic, symbols = output("readelf", "-dW", program), output("readelf", "--dyn-syms", "-W", program)
    assert re.search(r"Type:\s+DYN", header), "position-independent"
    assert re.search(r"FLAGS_1\).*\bPIE\b", dynamic)
    assert "GNU_RELRO" in segments and re.search(r"FLAGS\).*BIND_NOW", dynamic), "full RELRO"
    assert re.search(r"GNU_STACK\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+RW\s", segments), "no executable stack"
    assert not re.search(r"LOAD\s.*\bRWE\b", segments), "nothing both written and run"
    assert "__stack_chk_fail" in symbols, "stack protector"
    if program == PROGRAM:  # the other calls nothing that has a checked form
        assert re.search(r"__\w+_chk@GLIBC", symbols), "FORTIFY"
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic


def test_every_file_is_compiled_with_the_hardening_flags():
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        if pathlib.Path(entry["file"]).is_relative_to(ROOT / "service"):
            for flag in ("-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-D_GLIBCXX_ASSERTIONS"):
                assert flag in entry["command"], entry["file"]
            assert re.search(r" -fPI[CE]\b", entry["command"]), entry["file"]

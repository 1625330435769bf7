"""Community rules load unchanged."""

import io
import pathlib
import tarfile

import pytest
import yaml
import zstandard

from conftest import SHARED
from harness import run

ARCHIVE = SHARED / "data/sigmahq/rules.tar.zst"


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sigmahq")
    with open(ARCHIVE, "rb") as packed:
        data = zstandard.ZstdDecompressor().stream_reader(packed).read()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder


def folders_of(rules, product):
    return sorted({path.parent for path in pathlib.Path(rules).rglob("*.yml")
                   if product in path.relative_to(rules).parts})


@pytest.mark.parametrize("product", ["aws", "gcp"])
def test_rules_of_a_product_load(rules, product):
    folders = folders_of(rules, product)
    assert sum(len(list(folder.glob("*.yml"))) for folder in folders) > 10
    done = run("policy", "check", *folders)
    assert done.returncode in (0, 3), done.stdout + done.stderr


def test_every_rule_has_one_layout_and_the_values_it_had(rules):
    files = sorted(pathlib.Path(rules).rglob("*.yml"))
    assert len(files) > 3000
    before = [yaml.load(file.read_bytes(), yaml.BaseLoader) for file in files[::20]]
    done = run("policy", "fmt", rules)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 3000
    again = run("policy", "fmt", "--check", rules)
    assert again.returncode == 0, again.stdout[:2000]
    assert [yaml.load(file.read_bytes(), yaml.BaseLoader) for file in files[::20]] == before

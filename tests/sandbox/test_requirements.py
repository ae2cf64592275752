"""The pins: the same on both lists, those that are deployed with their hashes, and without a word about where packages come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "layers" / "tallybridge" / "requirements.txt"
DEV = ROOT / "requirements" / "dev.txt"


def lines_of(path: Path) -> list[str]:
    """The requirements, continuation lines joined, without comments."""
    text = path.read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pins(path: Path) -> dict[str, str]:
    """Version by package."""
    found = {}
    for line in path.read_text().splitlines():
        if match := re.match(r"([a-z0-9._-]+)(?:\[[^]]*])?==([^ ;]+)", line):
            found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("path", [RUNTIME, DEV], ids=["runtime", "dev"])
def test_every_package_is_pinned_and_none_says_where_it_comes_from(path: Path) -> None:
    lines = lines_of(path)
    assert len(lines) == len(pins(path)) > 10
    assert not [line for line in lines if "://" in line or " @ " in line or line.startswith("-")]


def test_what_is_deployed_is_checked_against_its_hashes() -> None:
    """One requirement with a hash makes pip insist on hashes for all."""
    assert [line.split()[0] for line in lines_of(RUNTIME) if not HASH.search(line)] == []
    assert "--generate-hashes requirements/runtime.in" in (ROOT / "Makefile").read_text()


def test_what_is_tested_is_what_is_deployed() -> None:
    dev = pins(DEV)
    assert {name: dev.get(name) for name in pins(RUNTIME)} == pins(RUNTIME)


def test_the_layer_leaves_out_what_the_runtime_has() -> None:
    assert not {"boto3", "botocore"} & set(pins(RUNTIME))


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_everything_asked_for_is_pinned(name: str) -> None:
    asked = [re.split(r"[\[=<>]", line)[0].strip().lower() for line in (ROOT / "requirements" / f"{name}.in").read_text().splitlines()]
    compiled = pins(RUNTIME if name == "runtime" else DEV)
    assert not [package for package in asked if package and not package.startswith(("#", "-")) and package not in compiled]

"""CI's judges of the deployment: what cannot be had on a machine is left out with a sentence, what is found fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JUDGES = 4
NO_MAKE = "echo 'npm error request to the index failed'; exit 2"


def judged(folder: Path, make: str, python: str) -> tuple[int, list[str]]:
    """Run `.ci/deployed` with stand-ins for `make` and the product's Python; answers its exit code and the lines that it prints."""
    for place, body in {"bin/make": make, ".venv/bin/python": python, ".ci/deployed": ""}.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    shutil.copy(ROOT / ".ci" / "deployed", folder / ".ci" / "deployed")
    environ = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run([folder / ".ci" / "deployed"], capture_output=True, text=True, env=environ, check=False)
    return done.returncode, done.stdout.splitlines()


def test_every_judge_that_finds_nothing_passes(tmp_path: Path) -> None:
    code, lines = judged(tmp_path, "exit 0", "exit 0")
    assert (code, [line.split(":")[0] for line in lines]) == (0, ["passed"] * JUDGES)


def test_a_judge_that_cannot_be_installed_is_left_out_with_the_reason(tmp_path: Path) -> None:
    code, lines = judged(tmp_path, NO_MAKE, "exit 0")
    assert (code, [line.split(":")[0] for line in lines]) == (0, ["left out"] * JUDGES)
    assert all("(npm error request to the index failed)" in line for line in lines)


def test_an_index_without_both_architectures_leaves_the_build_out(tmp_path: Path) -> None:
    code, lines = judged(tmp_path, "exit 0", 'case "$*" in *"pip download"*) echo "No matching distribution"; exit 1;; esac')
    assert code == 0
    assert [line for line in lines if not line.startswith("passed")] == [
        "left out: what the SAM CLI validates and builds; the package index does not serve both architectures (No matching distribution)"
    ]


@pytest.mark.parametrize(
    ("make", "python", "found"),
    [
        ("exit 0", 'case "$*" in *definitions*) echo a state that does not exist; exit 1;; esac', "a state that does not exist"),
        ("exit 0", 'case "$*" in *built_artefact*) echo a handler that does not import; exit 1;; esac', "a handler that does not import"),
        ("exit 0", 'case "$*" in *second_aws*) echo a condition that DynamoDB refuses; exit 1;; esac', "a condition that DynamoDB refuses"),
        ('case "$*" in *" audit") echo a bucket without encryption; exit 1;; esac', "exit 0", "a bucket without encryption"),
    ],
)
def test_what_a_judge_finds_fails_and_is_shown_and_the_others_are_still_asked(tmp_path: Path, make: str, python: str, found: str) -> None:
    code, lines = judged(tmp_path, make, python)
    assert code == 1
    assert sorted(line.split(":")[0] for line in lines) == sorted(["passed"] * (JUDGES - 1) + ["FAILED", found])


def test_a_program_of_others_that_the_stand_ins_fail_is_shown_and_fails(tmp_path: Path) -> None:
    code, lines = judged(tmp_path, "exit 0", 'case "$*" in *tests.clients*) echo "FAILED: a client 1.0"; exit 1;; esac')
    assert code == 1
    assert sorted(lines)[0] == "FAILED: a client 1.0" and len(lines) == JUDGES + 1


def test_programs_of_others_that_do_not_end_are_left_out(tmp_path: Path) -> None:
    code, lines = judged(tmp_path, "exit 0", 'case "$*" in *tests.clients*) exit 124;; esac')
    assert code == 0
    assert [line for line in lines if line.startswith("left out")] == ["left out: the other programs; they had not ended after 1800 s"]

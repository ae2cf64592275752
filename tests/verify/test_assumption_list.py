"""The list of assumptions is whole by itself: each has a name, a place, and a probe or a reason."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from tallybridge_cli.verify.assumptions import assumptions
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.reasons import REASONS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "cli/tallybridge_cli/verify/assumptions.json"
ABOUT = {"netsuite", "zuora", "revenue", "aws", "product"}
MARKS = re.compile(r"(A\d*|P|I)(, (A\d*|P|I))*|open point|decision|published|not published")
KEYS = {"id", "place", "mark", "about", "text", "probe", "reason", "note"}
LISTED: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


def test_every_assumption_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(each["id"] for each in LISTED).items() if times > 1] == []
    assert [each["id"] for each in LISTED if not re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", each["id"])] == []


def test_every_assumption_can_be_found_in_the_specification() -> None:
    """A file, a section and the first words of the line: one line may hold two assumptions."""
    assert [each["id"] for each in LISTED if not all(each["place"][part] for part in ("file", "section", "begins"))] == []
    assert all(each["id"].split(".")[0] in (each["place"]["file"].removesuffix(".md"), "decisions") for each in LISTED)


def test_every_assumption_has_a_probe_or_a_reason_and_not_both() -> None:
    assert [each["id"] for each in LISTED if bool(each.get("probe")) == bool(each.get("reason"))] == []
    assert {each["reason"] for each in LISTED if "reason" in each} == set(REASONS)
    assert [each["id"] for each in LISTED if "note" in each and "reason" not in each] == []


def test_a_probe_is_of_the_system_that_the_assumption_is_about() -> None:
    """So that whoever has no connection to a system knows what stays open."""
    assert [each["id"] for each in LISTED if "probe" in each and each["probe"].split(".")[0] != each["about"]] == []


def test_what_only_the_product_decides_is_about_the_product() -> None:
    own = {"own-choice", "commercial-connector"}
    assert [each["id"] for each in LISTED if (each.get("reason") in own) != (each["about"] == "product")] == []
    assert [each["id"] for each in LISTED if (each.get("reason") == "aws") != (each["about"] == "aws")] == []


def test_every_assumption_is_one_plain_sentence() -> None:
    for each in LISTED:
        assert set(each) <= KEYS, each
        assert each["about"] in ABOUT, each
        assert MARKS.fullmatch(each["mark"]), each
        assert re.fullmatch(r"[A-Z\d].{8,200}[.]", each["text"]), each
        assert "|" not in each["text"], each


def test_notes_say_what_the_kind_does_not() -> None:
    """Kinds that depend on the case say what it is."""
    kinds = {"load", "cannot-be-undone", "other-account"}
    assert [each["id"] for each in LISTED if each.get("reason") in kinds and "note" not in each] == []


def test_every_probe_settles_an_assumption_and_every_assumption_names_a_probe_that_exists() -> None:
    assert {each["probe"] for each in LISTED if "probe" in each} == {probe.name for probe in PROBES}


def test_probe_names_are_of_their_system() -> None:
    assert [probe.name for probe in PROBES if probe.name.split(".")[0] != probe.system] == []


def test_the_list_is_read_as_it_is_written() -> None:
    read = assumptions()
    assert [each.id for each in read] == [each["id"] for each in LISTED]
    assert all(bool(each.probe) != bool(each.reason) for each in read)
    noted = next(each for each in read if each.note)
    assert noted.reason == f"{REASONS[noted.kind]} {noted.note}"

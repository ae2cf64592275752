"""Writes what is made from other files: settings.md from the code, a page per code and the library's list of codes from errors.md,
coverage.md from the catalogue of rules, and the SuiteCloud project `netsuite/` with the page of its fields. Run `python docs/generate.py`;
with `codes` or `netsuite` behind it writes those alone, with `rules` the table of every rule and its tests (build/rules.md), with
`picture out/runs/RUN/report.html` the picture of a report (report.png, by Chromium)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tallybridge.desk.settings import catalogue, values_in_words
from tallybridge.reporting.codes import LIST
from tallybridge_cli.setup import netsuite_page, netsuite_project

FOLDER = Path(__file__).parent
RULES = FOLDER.parent / "tests" / "rules"
COLLECTION_SECONDS = 300
"""How long pytest may take to collect the suite."""
INTRODUCTION = """# Settings

One JSON document, flat, for example `{"netsuite_subsidiaries": "Yes", "cutover_zuora_invoice": "2026-01-01"}`. Every key may be left
out; a change takes effect with the next run. `tallybridge settings save FILE --reason WHY` checks and saves it; any AWS tool may put
it into the parameter that the stack output `SettingsParameter` names, and the next run takes it. A document above 4 KB lies in the reports
bucket below `configuration/`, and the parameter names it: `{"stored": "configuration/mine.json"}`.

Every version is kept, with author, time, reason and the version before: `tallybridge settings history`, `settings show --version N`,
`settings restore N`. No deployment writes settings. A run refuses a document that is empty or has lost a cutover date or most of its keys
against the last run's, unless it was saved or accepted (`tallybridge settings accept`) on purpose; a key that is written out with its
default is not lost.

Unknown keys, wrong values, a key that stands twice, and keys that contradict each other stop the run before it starts, with
code `SETTINGS` and the place of each fault. What has no effect in your tenant, or is easily not what was meant, is named by
`tallybridge settings check`, by `tallybridge doctor` and in every run's log. This page is generated.
"""


def settings_page() -> str:
    """docs/settings.md."""
    text, group = INTRODUCTION, ""
    for setting in catalogue():
        if setting.group != group:
            group = setting.group
            text += f"\n## {group}\n\n| Key | Values | Default | Effect |\n| --- | --- | --- | --- |\n"
        default = setting.default
        shown = "-" if default in (None, "", [], {}) else f"`{default if isinstance(default, str) else json.dumps(default)}`"
        text += f"| `{setting.key}` | {values_in_words(setting)} | {shown} | {setting.effect} |\n"
    return text


ERRORS = FOLDER / "errors.md"
PAGES = FOLDER / "errors"
LINK = re.compile(r"\]\((?!https?:)([^)#]*)")


def code_rows() -> list[dict[str, Any]]:
    """The rows of errors.md: {"codes", "group", "meaning", "advice"}, each under its heading."""
    rows: list[dict[str, Any]] = []
    group = ""
    for line in ERRORS.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            group = line.removeprefix("## ").strip()
        if line.startswith("| `"):
            first, meaning, advice = (cell.strip() for cell in line.strip().strip("|").split(" | "))
            rows.append({"codes": re.findall(r"`([^`]+)`", first), "group": group, "meaning": meaning, "advice": advice})
    return rows


def code_list() -> str:
    """codes.json of the library."""
    return json.dumps(code_rows(), indent=0, ensure_ascii=False) + "\n"


def code_pages() -> dict[str, str]:
    """The pages of the codes by file name; those of a prefix explain whatever has none of its own."""
    return {f"{code}.md": _code_page(code, row) for row in code_rows() for code in row["codes"] if "<" not in code}


def _code_page(code: str, row: Mapping[str, Any]) -> str:
    def told(text: str) -> str:
        """A sentence, with links as they lead from the folder of the pages."""
        text = LINK.sub(lambda link: f"](../{link[1] or ERRORS.name}", text)
        return f"{text[:1].upper()}{text[1:].rstrip('.')}."

    anchor = re.sub(r"[^a-z0-9 _-]", "", row["group"].lower()).replace(" ", "-")
    others = [f"`{other}`" if "<" in other else f"[`{other}`]({other}.md)" for other in row["codes"] if other != code]
    text = f"# {code}\n\n{told(row['meaning'])}\n\n**What to do:** {told(row['advice'])}\n"
    text += f"\nThe same holds for {', '.join(others)}.\n" if others else ""
    return text + f"\nFrom [{row['group']}](../errors.md#{anchor}). This page is generated.\n"


def write_codes() -> None:
    """The pages, without those of codes that are gone, and the list."""
    PAGES.mkdir(exist_ok=True)
    pages = code_pages()
    for old in PAGES.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (PAGES / name).write_text(text, encoding="utf-8")
    LIST.write_text(code_list(), encoding="utf-8")


COVERAGE = """# Rules and their tests

The specification has been taken apart into rules: selections, validations, mappings, status texts, procedures, settings, one by one
(`tests/rules`). Every one has a test that fails when it is dropped, and the suite fails when one has none.

| Page of the specification | Rules | Without a test |
| --- | --- | --- |
"""
COVERAGE_END = """
Rule by rule, with the tests that prove it: `build/rules.md`, which every complete `make test` leaves and `python docs/generate.py rules`
makes without running a test. [How rules are named and tests tagged](../tests/rules/README.md). This page is generated.
"""
TABLE = FOLDER.parent / "build" / "rules.md"
TABLE_TITLE = """# Every rule and its tests

A test counts once, however many cases it has.
"""


def coverage_summary() -> str:
    """docs/coverage.md: how many rules each page has, and how many of them wait for a test."""
    waiting = set(json.loads((RULES / "open.json").read_text(encoding="utf-8")))
    rows, total = "", [0, 0]
    for name in json.loads((RULES / "pages.json").read_text(encoding="utf-8")):
        ids = [rule["id"] for rule in json.loads((RULES / f"{name}.json").read_text(encoding="utf-8"))]
        counts = [len(ids), len(waiting.intersection(ids))]
        total = [known + more for known, more in zip(total, counts, strict=True)]
        rows += f"| {name} | {counts[0]} | {counts[1]} |\n"
    return f"{COVERAGE}{rows}| **all** | {total[0]} | {total[1]} |\n{COVERAGE_END}"


def rules_table(found: Mapping[str, Iterable[str]]) -> str:
    """The table of every rule from {rule id: node ids of its tests}."""
    text = TABLE_TITLE
    for name in json.loads((RULES / "pages.json").read_text(encoding="utf-8")):
        rules = json.loads((RULES / f"{name}.json").read_text(encoding="utf-8"))
        covered = sum(1 for rule in rules if rule["id"] in found)
        text += f"\n## {name}\n\n{covered} of {len(rules)} rules have a test.\n\n| Rule | What it says | Tests |\n| --- | --- | --- |\n"
        for rule in rules:
            tests = sorted({_function_of(node) for node in found.get(rule["id"], ())})
            says = rule["rule"].replace("|", "\\|").replace("<", "&lt;")
            text += f"| `{rule['id']}` | {says} | {'<br>'.join(f'`{test}`' for test in tests) or '-'} |\n"
    return text


def _function_of(node: str) -> str:
    """The test function of a node id: relative path and name without the folder of all tests and without the case."""
    return node.split("[")[0].removeprefix("tests/")


def collected_rules() -> dict[str, list[str]]:
    """{rule id: node ids of its tests}, from a collection of the whole suite."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "rules.json"
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--rules-report", str(report), "tests"]
        subprocess.run(command, cwd=FOLDER.parent, check=True, stdout=subprocess.DEVNULL, timeout=COLLECTION_SECONDS)
        return dict(json.loads(report.read_text(encoding="utf-8")))


SUITECLOUD = FOLDER.parent / "netsuite"


def write_netsuite() -> None:
    """The SuiteCloud project, without files that are gone, and the page of its fields."""
    made = {SUITECLOUD / path: text for path, text in netsuite_project.shipped().items()}
    for old in SUITECLOUD.rglob("*"):
        if old.is_file() and old not in made:
            old.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (FOLDER / "netsuite-fields.md").write_text(netsuite_page.page(), encoding="utf-8")


PARTS = {"codes": write_codes, "netsuite": write_netsuite}


def write_rules(found: Mapping[str, Iterable[str]]) -> None:
    """The table of every rule, beside what else is built."""
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(rules_table(found), encoding="utf-8")


def take_picture(report: Path) -> None:
    """report.png: the top of a run's report as a browser shows it. Raises `CalledProcessError`."""
    browser = shutil.which("chromium") or "google-chrome"
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1000,1000", f"--screenshot={FOLDER / 'report.png'}"]
    subprocess.run([browser, *options, str(report.resolve())], check=True, capture_output=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["picture"]:
        take_picture(Path(sys.argv[2]))
        sys.exit()
    if sys.argv[1:] == ["rules"]:
        write_rules(collected_rules())
        sys.exit()
    for part, write in PARTS.items():
        if part in (sys.argv[1:] or PARTS):
            write()
    if sys.argv[1:]:
        sys.exit()
    (FOLDER / "settings.md").write_text(settings_page(), encoding="utf-8")
    (FOLDER / "coverage.md").write_text(coverage_summary(), encoding="utf-8")

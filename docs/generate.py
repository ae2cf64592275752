"""Writes what is made from other files: settings.md, zuora-fields.md, sandbox-zuora-coverage.md, sandbox-data-query.md,
sandbox-netsuite-coverage.md and assumptions.md from the code, in performance.md what the bench has printed, a page per code and the
library's list of codes from errors.md (`codes`), the SuiteCloud project `netsuite/` and the page of its fields (`netsuite`), and
coverage.md from the catalogue of rules.

Run `python docs/generate.py`; with such words or names of pages behind it writes those alone, with `rules` the table of every rule and its
tests (build/rules.md), with `picture out/runs/RUN/report.html` the picture of a report (report.png, by Chromium)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from sandbox.netsuite import coverage as netsuite_coverage
from sandbox.zuora import coverage as zuora_coverage
from sandbox.zuora.models.dataquery.dialect import NOT_IMITATED
from sandbox.zuora.models.dataquery.signatures import FUNCTIONS
from tallybridge.desk.settings import catalogue, values_in_words
from tallybridge.fields import zuora as zuora_fields
from tallybridge.reporting.codes import LIST
from tallybridge_cli.setup import netsuite_page, netsuite_project
from tallybridge_cli.verify.assumptions import Assumption, assumptions
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.reasons import REASONS
from tests.standins.zuora.trino_cases import ANSWERED, REFUSED

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


ZUORA_FIELDS = """# Fields in Zuora

Every field that the connector reads or writes in Zuora. Each is text of 255 characters, optional and without a default. A name has the
suffix `__c` where you make the fields, or `__NS` where Zuora has added its own; the setting `zuora.field_suffix` says which.

`tallybridge setup zuora` compares your tenant with this list, `tallybridge setup zuora --create` makes what the API makes. Fields of
*advanced* objects are made so, or by hand under *Extension Studio > Object Manager*. Fields of *legacy* objects are made by hand alone,
under *Settings > Billing > Manage Custom Fields*, where Zuora appends `__c` by itself; whether one is indexed cannot be changed later.
*Filterable* (there: *Indexed*) are fields by which records are looked up and selected. A step cannot work without a field that it needs;
without one that it uses it leaves out what the field is for. This page is generated.
"""


def zuora_fields_page() -> str:
    """docs/zuora-fields.md."""
    text = ZUORA_FIELDS
    for each in zuora_fields.OBJECTS.values():
        tenants = {"": "", "A": ", without Invoice Settlement (mode A)", "B": ", with Invoice Settlement (mode B)"}[each.mode]
        text += f"\n## {each.name}\n\n{each.kind.capitalize()} object{tenants}.\n\n"
        text += "| API name | Label | Filterable | Steps that need it | Steps that use it |\n| --- | --- | --- | --- | --- |\n"
        for field in each.fields:
            needs, uses = (", ".join(f"`{step}`" for step in steps) or "-" for steps in (field.vital, field.useful))
            text += f"| `{field.api}` | {field.label} | {'yes' if field.filterable else 'no'} | {needs} | {uses} |\n"
        if more := zuora_fields.ALSO_WRITTEN.get(each.name):
            text += f"\nWhere it has {', '.join(f'`{name}`' for name in more)} as well, that is filled in.\n"
    return text


BENCH = FOLDER / "bench.txt"
"""What `KEEP=docs/bench.txt make bench` has printed."""
PRINTED = re.compile(r"(<!-- docs/bench.txt -->\n```\n).*?(```\n<!-- end -->)", re.DOTALL)


def performance_page() -> str:
    """docs/performance.md, with what the bench has printed in its place."""
    page = (FOLDER / "performance.md").read_text(encoding="utf-8")
    return PRINTED.sub(lambda found: f"{found[1]}{BENCH.read_text(encoding='utf-8')}{found[2]}", page)


ERRORS = FOLDER / "errors.md"
DATA_QUERY = """# Data Query in the sandbox

What the stand-in of Zuora takes of Trino 351, the dialect of Data Query, and what it refuses as Trino does: each row of the tables below is
a statement with its answer in `tests/standins/zuora/trino_cases.py`, which the tests run. This page is generated.

A query is checked as Trino checks it, with the types of every expression, before anything runs; then it runs on SQLite over a copy of the
tenant. Texts of refusals are Trino's as far as they are published; a place (`line 1:8`) is that of the word at fault, `line 1:1` where it
is not known.

## Functions

`SHOW FUNCTIONS` lists the same. Any other one is refused as *not registered*, those of Trino too. `T` and `U` are any type.

"""
NOT_COVERED = """
## Not imitated

Trino takes these, the stand-in refuses them: {words}, `UNNEST` of several arrays, rows as values,
`WITHIN GROUP`, `WITH TIES`, `IGNORE NULLS`, lambdas, maps, `localtime`, `TRY` over what answers for null (`COALESCE`, `CASE`), the types
`char`, `time`, `json` and `varbinary`, and doubles that are no number. A timestamp without a zone is one of
the tenant's zone, and decimals hold about 15 digits.
"""


def data_query_page() -> str:
    """docs/sandbox-data-query.md."""
    text = DATA_QUERY + "| Kind | Functions |\n| --- | --- |\n"
    for kind in ("scalar", "aggregate", "window"):
        forms = [f for name in sorted(FUNCTIONS) for f in FUNCTIONS[name] if f.kind == kind]
        text += f"| {kind} | {', '.join(f'`{f.shown()}`' for f in forms)} |\n"
    text += "\n## Refused\n\n| What | Statement | Text |\n| --- | --- | --- |\n"
    text += "".join(f"| {_cell(what)} | `` {_cell(sql)} `` | {_cell(said)} |\n" for what, sql, said in REFUSED)
    text += "\n## Answered\n\n| What | Statement |\n| --- | --- |\n"
    text += "".join(f"| {_cell(what)} | `` {_cell(sql)} `` |\n" for what, sql, _ in ANSWERED)
    words = ", ".join(f"`{word}`" for word in sorted(set(NOT_IMITATED.values()) - {"FOR"}))
    return text + NOT_COVERED.format(words=words)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


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


ASSUMPTIONS = """# What is assumed, and what settles it

Whoever builds on two clouds from their published pages has to assume things. Here is every assumption of the specification, by file and
section: {number} in all. {with_probe} name the probe of `tallybridge verify` that asks a real tenant, the others the reason why none can.
`tallybridge verify --list` prints the list without any installation, with the first words of the line that each stands in.

Marks: A assumed, P proposed, I inferred; otherwise an open point, a decision, or a fact that is published or not. This page is generated.

## Reasons why there is no probe
"""
PROBE_TABLE = """
## Probes

Those that make records run with `--write`, on sandboxes alone. An option is the one with which the sandbox behaves as the tenant does.

| Probe | Asks | Makes records | Option |
| --- | --- | --- | --- |
"""


def assumption_page() -> str:
    """docs/assumptions.md."""
    known = assumptions()
    text = ASSUMPTIONS.format(number=len(known), with_probe=sum(bool(each.probe) for each in known))
    text += "\n" + "".join(f"- *{kind}*: {why}\n" for kind, why in REASONS.items()) + PROBE_TABLE
    for probe in PROBES:
        option = f"`{probe.option}`" if probe.option else ""
        text += f"| `{probe.name}` | {probe.asks} | {'yes' if probe.writes else ''} | {option} |\n"
    for file, of_file in groupby(known, lambda each: each.file):
        text += f"\n## {file}\n"
        for section, of_section in groupby(of_file, lambda each: each.section):
            text += f"\n**{_plain(section)}**\n\n" + "".join(_assumption_line(each) for each in of_section)
    return text


def _assumption_line(each: Assumption) -> str:
    settled = f"`{each.probe}`" if each.probe else f"*{each.kind}*{f': {each.note}' if each.note else ''}"
    return f"- `{each.id.partition('.')[2]}` ({each.mark}) {_plain(each.text)} {settled}\n"


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    for mark in ("\\", "*", "_", "<", "[", "`"):
        text = text.replace(mark, f"\\{mark}")
    return text


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


def write_rules(found: Mapping[str, Iterable[str]]) -> None:
    """The table of every rule, beside what else is built."""
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(rules_table(found), encoding="utf-8")


def take_picture(report: Path) -> None:
    """report.png: the top of a run's report as a browser shows it. Raises `CalledProcessError`."""
    browser = shutil.which("chromium") or "google-chrome"
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1000,1000", f"--screenshot={FOLDER / 'report.png'}"]
    subprocess.run([browser, *options, str(report.resolve())], check=True, capture_output=True)


PARTS: dict[str, Callable[[], None] | Callable[[], str]] = {
    "codes": write_codes,
    "netsuite": write_netsuite,
    "settings": settings_page,
    "zuora-fields": zuora_fields_page,
    "sandbox-data-query": data_query_page,
    "sandbox-netsuite-coverage": netsuite_coverage.page,
    "sandbox-zuora-coverage": zuora_coverage.page,
    "assumptions": assumption_page,
    "coverage": coverage_summary,
    "performance": performance_page,
}
"""What is made, by its word: a page that has the word as its name, or what writes several files."""


def write(part: str) -> None:
    """Write a part anew."""
    text = PARTS[part]()
    if text is not None:
        (FOLDER / f"{part}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["picture"]:
        take_picture(Path(sys.argv[2]))
    elif sys.argv[1:] == ["rules"]:
        write_rules(collected_rules())
    else:
        for part in sys.argv[1:] or PARTS:
            write(part)

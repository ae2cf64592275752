"""The SuiteCloud project of the repository: what the generator makes, and what SDF takes, each rule beside a project that breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.netsuite.sdf import SdfProject, read
from tallybridge.fields.netsuite import FIELDS, LISTS
from tallybridge.fields.netsuite_role import ROLE
from tallybridge_cli.setup.netsuite_project import Wanted, project, shipped

KEPT = Path(__file__).parents[2] / "netsuite"
ID, ROLE_FILE = "src/Objects/custbodyzuoraid.xml", "src/Objects/customrole_tallybridge.xml"
BATCH = "src/Objects/customlistzuorabatch.xml"


def files_of(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file()}


def changed(path: str, old: str, new: str) -> SdfProject:
    """The project with one change."""
    files = project()
    assert old in files[path]
    return read({**files, path: files[path].replace(old, new, 1)})


def test_the_repository_keeps_what_the_generator_makes() -> None:
    assert files_of(KEPT) == shipped(), "run `python docs/generate.py netsuite`"


def test_the_kept_project_is_valid() -> None:
    found = read(files_of(KEPT))
    assert found.errors == []
    assert [len(block) for block in found.blocks] == [2, 1, 85]
    assert found.features == {"INVENTORY": False, "RECEIVABLES": False, "SUBSIDIARIES": False}


def test_every_field_is_in_it_with_its_type_and_its_records() -> None:
    found = read(project()).objects
    assert {f.script_id for f in FIELDS} == {name for name, made in found.items() if made.kind.flags}
    for field in FIELDS:
        made = found[field.script_id]
        assert made.text("label") == field.label
        assert (
            made.text("fieldtype") in {"text": "TEXT", "long text": "CLOBTEXT", "date": "DATE"}.get(field.kind, "CHECKBOX SELECT").split()
        )
        people = made.text("accesslevel") == "2"
        assert people == field.edited
        assert bool(made.element.findall("roleaccesses/roleaccess")) == (not field.edited and not field.source)
        assert bool(made.text("sourcefrom")) == bool(field.source)
        assert made.is_on("defaultchecked") == (field.label == "Zuora Sync Updates")
    assert {name for name, made in found.items() if made.kind.name == "customlist"} == {script_id for script_id, _ in LISTS.values()}
    assert tuple(found["customlistzuorabillcycleday"].values.values()) == LISTS["Zuora Bill Cycle Day"][1]


def test_refunds_have_both_flags_until_it_is_known_which_one_it_is() -> None:
    made = read(project()).objects["custbodyzuorarefundtype"]
    assert made.is_on("bodycustomerpayment") and made.is_on("bodyothertransaction") and not made.text("bodysale")


def test_the_role_has_every_permission_once_and_none_of_token_based_logins() -> None:
    permissions = read(project()).objects["customrole_tallybridge"].permissions
    assert permissions == {p.key: p.level for p in ROLE}
    assert "ADMI_LOGIN_OAUTH2" in permissions and "ADMI_LOGIN_OAUTH" not in permissions


def test_the_field_of_another_product_is_never_made() -> None:
    assert not [path for path in project() if "ava_taxcode" in path]


BROKEN: dict[str, tuple[str, str, str, str]] = {
    "not well-formed": (ID, "</label>", "</lable>", "not well-formed"),
    "another root": (ID, "transactionbodycustomfield", "transactionbodyfield", "not well-formed"),
    "script id with capitals": (ID, 'scriptid="custbodyzuoraid"', 'scriptid="custbodyZuoraID"', "lower-case"),
    "script id of another file": (ID, 'scriptid="custbodyzuoraid"', 'scriptid="custbodyzuoraids"', "must be called custbodyzuoraids.xml"),
    "script id that is too long": (ID, 'scriptid="custbodyzuoraid"', f'scriptid="custbody{"x" * 40}"', "at most 38"),
    "unknown type": (ID, "<fieldtype>TEXT", "<fieldtype>STRING", "fieldtype does not take 'STRING'"),
    "no label": (ID, "  <label>Zuora ID</label>\n", "", "label is missing"),
    "long label": (ID, "<label>Zuora ID", f"<label>{'x' * 201}", "label does not take"),
    "unknown element": (ID, "<bodysale>T</bodysale>", "<bodysales>T</bodysales>", "has no element bodysales"),
    "flag of another type": (ID, "<bodysale>T</bodysale>", "<colsale>T</colsale>", "has no element colsale"),
    "flag that is neither": (ID, "<bodysale>T</bodysale>", "<bodysale>true</bodysale>", "bodysale must be T or F"),
    "element twice": (ID, "<storevalue>T</storevalue>", "<storevalue>T</storevalue><storevalue>F</storevalue>", "storevalue stands twice"),
    "feature not named": ("src/manifest.xml", "RECEIVABLES", "PAYABLES", "needs the feature RECEIVABLES"),
    "feature of the role": ("src/manifest.xml", "SUBSIDIARIES", "MULTIBOOK", "needs the feature SUBSIDIARIES"),
    "reference to nothing": (
        ID,
        "[scriptid=customrole_tallybridge]",
        "[scriptid=customrole_gone]",
        "refers to customrole_gone, which does not exist",
    ),
    "list of a field": (
        "src/Objects/custentityzuorabatch.xml",
        "customlistzuorabatch",
        "customlistgone",
        "refers to customlistgone",
    ),
    "select without target": (
        "src/Objects/custentityzuorabatch.xml",
        "  <selectrecordtype>[scriptid=customlistzuorabatch]</selectrecordtype>\n",
        "",
        "selectrecordtype is for SELECT",
    ),
    "level that the key does not take": (ROLE_FILE, "<permlevel>EDIT", "<permlevel>FULL", "Invalid permlevel reference key FULL"),
    "unknown permission": (ROLE_FILE, "ADMI_CUSTFIELD", "ADMI_CUSTOMFIELD", "Invalid permkey reference key"),
    "permission twice": (ROLE_FILE, "ADMI_CUSTFIELD", "ADMI_CUSTLIST", "stands twice"),
    "centre": (ROLE_FILE, "ACCOUNTCENTER", "MYCENTER", "centertype does not take"),
    "list value": (BATCH, "<value>Batch1</value>", "<value></value>", "and a value"),
    "list name": (BATCH, "<name>Zuora Batch", f"<name>{'x' * 31}", "name does not take"),
    "path to nothing": ("src/deploy.xml", "~/Objects/custbodyzuoraid.xml", "~/Objects/custbodyzuora.xml", "does not lead to any object"),
    "path outside": ("src/deploy.xml", "~/Objects/customlist", "~/Lists/customlist", "does not lead to any object"),
    "kind of project": ("src/manifest.xml", "ACCOUNTCUSTOMIZATION", "SUITEAPP", "projecttype ACCOUNTCUSTOMIZATION"),
    "version": ("src/manifest.xml", "1.0", "2.0", "frameworkversion 1.0"),
    "login": ("project.json", "defaultAuthId", "authId", "defaultAuthId"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_project_is_refused_with_the_file(fault: str) -> None:
    path, old, new, said = BROKEN[fault]
    errors = changed(path, old, new).errors
    assert any(said in error for error in errors), errors
    assert all(": " in error for error in errors)


def test_a_role_that_is_deployed_after_its_fields_is_refused() -> None:
    files = project()
    lists, role, fields = files["src/deploy.xml"].removeprefix("<deploy>\n").removesuffix("</deploy>\n").split("  </objects>\n")[:3]
    turned = "<deploy>\n" + "".join(f"{block}  </objects>\n" for block in (lists, fields, role)) + "</deploy>\n"
    errors = read({**files, "src/deploy.xml": turned}).errors
    assert errors and all("refers to customrole_tallybridge, which does not exist yet: it is deployed later" in e for e in errors)


def test_a_kind_of_object_that_sdf_does_not_have_is_refused() -> None:
    files = project()
    errors = read({**files, ID: files[ID].replace("transactionbodycustomfield", "transactionbodyfield")}).errors
    assert f"{ID}: transactionbodyfield is no type of object" in errors


def test_an_object_that_is_there_twice_and_one_that_no_path_deploys_are_told() -> None:
    files = project()
    twice = read({**files, "src/Objects/more/custbodyzuoraid.xml": files[ID]})
    assert any("custbodyzuoraid is in" in error for error in twice.errors)
    forgotten = read({**files, "src/Objects/custbodymine.xml": files[ID].replace("custbodyzuoraid", "custbodymine")})
    assert any("custbodymine is in the project, and no path deploys it" in error for error in forgotten.errors)


def test_a_project_with_only_some_objects_refers_to_what_the_account_has() -> None:
    part = Wanted(fields=tuple(f for f in FIELDS if f.label in ("Zuora Item ID", "Zuora Batch")), lists=(), role=False)
    errors = read(project(part)).errors
    assert {error.partition("refers to ")[2].split(",")[0] for error in errors} == {"customlistzuorabatch", "custitemzuoraid"}
    assert read(project(part), there=("customlistzuorabatch", "custitemzuoraid")).errors == []

"""The SuiteCloud project (SDF account customization) with the connector's fields, lists and role, made from `tallybridge.fields`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from tallybridge.fields.netsuite import CHECK, DAY, FIELDS, LIST, LISTS, LONG, RECORD, RECORDS, TEXT, YES_NO, NetSuiteField, derived_id
from tallybridge.fields.netsuite_role import ROLE, ROLE_ID, ROLE_NAME

PROJECT_NAME = "Tallybridge"
AUTH_ID = "tallybridge"
"""The name under which the vendor's tool keeps its login."""
OBJECTS = "src/Objects/"
DEPLOYED = ("customlist", "customrole", "cust")
"""How script ids begin, in the order in which they are deployed: a field refers to its list and to the role."""
OBJECT_TYPES = {
    "custentity": "entitycustomfield",
    "custitem": "itemcustomfield",
    "custbody": "transactionbodycustomfield",
    "custcol": "transactioncolumncustomfield",
}
FIELD_TYPES = {TEXT: "TEXT", LONG: "CLOBTEXT", CHECK: "CHECKBOX", YES_NO: "CHECKBOX", LIST: "SELECT", RECORD: "SELECT", DAY: "DATE"}
TRANSACTION = "-30"
"""What a field that names any transaction refers to."""
SOURCE_LISTS = {"entity": "STDBODYENTITY", "customer": "STDBODYCUSTOMER", "item": "STDCOLITEM"}
FEATURES = {"subsidiaryoption": "SUBSIDIARIES", **{kind.flags: kind.feature for kind in RECORDS if kind.feature}}
"""Features that the manifest must name once an element is there."""
VIEW, EDIT = "1", "2"
"""Access levels of a field."""

CONFIG = "module.exports = {\n    defaultProjectFolder: 'src',\n    commands: {},\n};\n"
README = f"""# SuiteCloud project

The custom fields, lists and the role that Tallybridge needs in NetSuite, as an account customization project of the SuiteCloud Development
Framework. It is generated from the product's table of fields; `tallybridge setup netsuite` makes one that holds only what an account lacks,
and says how to deploy it. Deploying writes objects of the same script id anew and removes nothing.

[Every field](../docs/netsuite-fields.md), with its records and forms. The project's login is called `{AUTH_ID}`.
"""


@dataclass(frozen=True)
class Wanted:
    """What a project holds: fields, custom lists by the field that uses them, and whether the role is in it. `writer`: script id of the
    role that may write what the connector alone writes. `ids`: script ids of fields that are there under another one than the derived."""

    fields: tuple[NetSuiteField, ...] = FIELDS
    lists: tuple[str, ...] = tuple(LISTS)
    role: bool = True
    writer: str = ROLE_ID
    ids: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.fields) + len(self.lists) + self.role


EVERYTHING = Wanted()


def project(wanted: Wanted = EVERYTHING) -> dict[str, str]:
    """The files of a project by their paths in it."""
    objects = dict(_objects(wanted))
    used = {feature for name, feature in FEATURES.items() if any(f"<{name}>" in text for text in objects.values())}
    return {
        "suitecloud.config.js": CONFIG,
        "project.json": f'{{\n  "defaultAuthId": "{AUTH_ID}"\n}}\n',
        "src/manifest.xml": _manifest(sorted(used)),
        "src/deploy.xml": _deploy(objects),
        **objects,
    }


def shipped() -> dict[str, str]:
    """The whole project as the repository keeps it, with a page that says what it is."""
    return {"README.md": README, **project()}


def _objects(wanted: Wanted) -> Iterator[tuple[str, str]]:
    for label in wanted.lists:
        script_id, values = LISTS[label]
        yield f"{OBJECTS}{script_id}.xml", _list(label, script_id, values)
    if wanted.role:
        yield f"{OBJECTS}{ROLE_ID}.xml", _role()
    for made in sorted(wanted.fields, key=lambda f: f.script_id):
        yield f"{OBJECTS}{made.script_id}.xml", _field(made, wanted)


def _field(made: NetSuiteField, wanted: Wanted) -> str:
    only_ours = not made.edited and not made.source
    parts = [
        _tag("label", made.label),
        _tag("fieldtype", FIELD_TYPES[made.kind]),
        _tag("description", _description(made)),
        *_target(made),
        _tag("storevalue", "T"),
        *([_tag("defaultchecked", "T")] if made.checked else []),
        _tag("accesslevel", EDIT if made.edited else VIEW),
        _tag("searchlevel", EDIT),
        _tag("displaytype", "LOCKED" if made.source else "NORMAL"),
        *_source(made, wanted.ids),
        *([_tag("itemsubtype", "BOTH")] if made.prefix == "custitem" else []),
        *(_tag(flag, "T") for flag in made.flags),
        *(_role_access(wanted.writer) if only_ours else []),
    ]
    return _document(OBJECT_TYPES[made.prefix], made.script_id, parts)


def _description(made: NetSuiteField) -> str:
    if made.source:
        return "Filled by NetSuite from the record that it refers to."
    return "Used by Tallybridge; people may change it." if made.edited else "Written by Tallybridge."


def _target(made: NetSuiteField) -> list[str]:
    if made.kind not in (LIST, RECORD):
        return []
    target = TRANSACTION if made.kind == RECORD else f"[scriptid={LISTS[made.label][0]}]"
    return [_tag("selectrecordtype", target), _tag("onparentdelete", "NO_ACTION")]


def _source(made: NetSuiteField, ids: Mapping[str, str]) -> list[str]:
    if made.source is None:
        return []
    through, prefix, label = made.source
    script_id = ids.get(f"{prefix}.{label}") or derived_id(prefix, label)
    return [_tag("sourcelist", SOURCE_LISTS[through]), _tag("sourcefrom", f"[scriptid={script_id}]")]


def _role_access(writer: str) -> list[str]:
    """Fields that only the connector writes: everybody sees them, its role changes them."""
    level = [_tag("role", f"[scriptid={writer}]"), _tag("accesslevel", EDIT), _tag("searchlevel", EDIT)]
    return ["<roleaccesses>", "  <roleaccess>", *(f"    {part}" for part in level), "  </roleaccess>", "</roleaccesses>"]


def _list(label: str, script_id: str, values: Collection[str]) -> str:
    parts = [_tag("name", label), _tag("isordered", "T"), _tag("ismatrixoption", "F"), "<customvalues>"]
    for value in values:
        parts += [f"  <customvalue scriptid={quoteattr(f'val_{value.lower()}')}>", f"    {_tag('value', value)}", "  </customvalue>"]
    return _document("customlist", script_id, [*parts, "</customvalues>"])


def _role() -> str:
    parts = [
        _tag("name", ROLE_NAME),
        _tag("centertype", "ACCOUNTCENTER"),
        _tag("employeerestriction", "NONE"),
        _tag("issinglesignononly", "F"),
        _tag("subsidiaryoption", "ALL"),
        _tag("tfarequired", "OFF"),
        "<permissions>",
    ]
    for permission in ROLE:
        parts += [
            "  <permission>",
            f"    {_tag('permkey', permission.key)}",
            f"    {_tag('permlevel', permission.level)}",
            "  </permission>",
        ]
    return _document("role", ROLE_ID, [*parts, "</permissions>"])


def _manifest(features: Collection[str]) -> str:
    named = "".join(f'      <feature required="false">{name}</feature>\n' for name in features)
    needed = f"  <dependencies>\n    <features>\n{named}    </features>\n  </dependencies>\n" if named else ""
    head = f"  {_tag('projectname', PROJECT_NAME)}\n  {_tag('frameworkversion', '1.0')}\n"
    return f'<manifest projecttype="ACCOUNTCUSTOMIZATION">\n{head}{needed}</manifest>\n'


def _deploy(objects: Collection[str]) -> str:
    left, text = list(objects), "<deploy>\n"
    for begin in DEPLOYED:
        block = [path for path in left if path.startswith(OBJECTS + begin)]
        left = [path for path in left if path not in block]
        paths = "".join(f"    <path>~/{path.removeprefix('src/')}</path>\n" for path in block)
        text += f"  <objects>\n{paths}  </objects>\n" if block else ""
    return text + "</deploy>\n"


def _document(kind: str, script_id: str, parts: Collection[str]) -> str:
    body = "".join(f"  {part}\n" for part in parts)
    return f"<{kind} scriptid={quoteattr(script_id)}>\n{body}</{kind}>\n"


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"

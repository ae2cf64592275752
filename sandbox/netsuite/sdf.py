"""An SDF account-customization project, read as `suitecloud project:validate` and `project:deploy` read it; what is wrong is named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from xml.etree import ElementTree

from sandbox.netsuite.sdf_schema import FEATURE_OF, LEVEL, OBJECT_TYPES, PERMISSION_LEVELS, REFERENCE, ObjectType

MANIFEST, DEPLOY, SOURCE, OBJECTS = "src/manifest.xml", "src/deploy.xml", "src/", "src/Objects/"
CONFIG, PROJECT = "suitecloud.config.js", "project.json"
SELECTS = ("SELECT", "MULTISELECT")
NESTED = {"role": "permissions", "customlist": "customvalues"}
ROLE_ACCESS = ("role", "accesslevel", "searchlevel")


@dataclass(frozen=True)
class SdfObject:
    """One object of a project, `element` as it stands in its file."""

    kind: ObjectType
    script_id: str
    path: str
    element: ElementTree.Element

    def text(self, name: str, default: str = "") -> str:
        """The text of one of its elements."""
        return (self.element.findtext(name) or default).strip()

    def is_on(self, name: str) -> bool:
        return self.text(name) == "T"

    @property
    def references(self) -> set[str]:
        """Script ids of the objects that it refers to."""
        return {match[1] for part in self.element.iter() for match in REFERENCE.finditer(part.text or "")}

    @property
    def permissions(self) -> dict[str, str]:
        """Of a role: levels by key."""
        rows = self.element.iterfind("permissions/permission")
        return {(row.findtext("permkey") or "").strip(): (row.findtext("permlevel") or "").strip() for row in rows}

    @property
    def values(self) -> dict[str, str]:
        """Of a list: values by their script ids."""
        rows = self.element.iterfind("customvalues/customvalue")
        return {row.get("scriptid", ""): (row.findtext("value") or "").strip() for row in rows}


@dataclass
class SdfProject:
    """A project's files by their paths, and what was made of them. `errors`: everything that is wrong, each with its file. `blocks`: the
    objects in the order in which they are deployed; `features` by name, whether they are required."""

    files: Mapping[str, str]
    errors: list[str] = field(default_factory=list)
    objects: dict[str, SdfObject] = field(default_factory=dict)
    blocks: list[list[SdfObject]] = field(default_factory=list)
    features: dict[str, bool] = field(default_factory=dict)

    def say(self, path: str, text: str) -> None:
        self.errors.append(f"{path}: {text}")


def read(files: Mapping[str, str], there: Iterable[str] = ()) -> SdfProject:
    """A project with everything that is wrong with it. `there`: script ids of what the account has, to which it may refer."""
    found = SdfProject(files)
    _frame(found)
    _manifest(found)
    for path in sorted(files):
        if path.startswith(OBJECTS):
            _object(found, path)
    _deploy(found)
    _references(found, set(there))
    return found


def _frame(found: SdfProject) -> None:
    for path in (CONFIG, PROJECT, MANIFEST, DEPLOY):
        if path not in found.files:
            found.say(path, "the file is missing")
    try:
        content = json.loads(found.files.get(PROJECT, "{}"))
    except ValueError:
        content = None
    if not isinstance(content, dict) or set(content) - {"defaultAuthId"}:
        found.say(PROJECT, 'must be JSON with "defaultAuthId" alone')
    if "module.exports" not in found.files.get(CONFIG, "module.exports"):
        found.say(CONFIG, "must assign module.exports")


def _parsed(found: SdfProject, path: str) -> ElementTree.Element | None:
    """The root of a file; None where it is missing or not well-formed."""
    if path not in found.files:
        return None
    try:
        return ElementTree.fromstring(found.files[path])  # noqa: S314 - files that a person deploys from this machine
    except ElementTree.ParseError as wrong:
        found.say(path, f"is not well-formed XML: {wrong}")
        return None


def _manifest(found: SdfProject) -> None:
    root = _parsed(found, MANIFEST)
    if root is None:
        return
    if root.tag != "manifest" or root.get("projecttype") != "ACCOUNTCUSTOMIZATION":
        found.say(MANIFEST, "must be a manifest with projecttype ACCOUNTCUSTOMIZATION")
    if not (root.findtext("projectname") or "").strip() or (root.findtext("frameworkversion") or "").strip() != "1.0":
        found.say(MANIFEST, "needs projectname, and frameworkversion 1.0")
    if unknown := {part.tag for part in root} - {"projectname", "frameworkversion", "dependencies"}:
        found.say(MANIFEST, f"does not take {sorted(unknown)}")
    for feature in root.iterfind("dependencies/features/feature"):
        name, required = (feature.text or "").strip(), feature.get("required")
        if required not in ("true", "false") or not re.fullmatch("[A-Z]+", name):
            found.say(MANIFEST, f"feature {name!r} needs required=true or false")
        found.features[name] = required == "true"


def _object(found: SdfProject, path: str) -> None:
    root = _parsed(found, path)
    if root is None:
        return
    kind = OBJECT_TYPES.get(root.tag)
    if kind is None:
        found.say(path, f"{root.tag} is no type of object")
        return
    script_id = root.get("scriptid", "")
    if set(root.attrib) != {"scriptid"} or not re.fullmatch(rf"{kind.prefix}[0-9a-z_]+", script_id):
        found.say(path, f"scriptid {script_id!r} must be {kind.prefix} and lower-case letters, digits or _")
    if len(script_id) > kind.longest:
        found.say(path, f"scriptid {script_id} has {len(script_id)} characters; at most {kind.longest} are allowed")
    if path.rpartition("/")[2] != f"{script_id}.xml":
        found.say(path, f"the file must be called {script_id}.xml")
    if script_id in found.objects:
        found.say(path, f"{script_id} is in {found.objects[script_id].path} too")
    made = SdfObject(kind, script_id, path, root)
    found.objects.setdefault(script_id, made)
    for text in (*_elements(found, made), *_of_kind(made)):
        found.say(path, text)


def _elements(found: SdfProject, made: SdfObject) -> Iterator[str]:
    kind, seen = made.kind, set()
    for part in made.element:
        text = (part.text or "").strip()
        if part.tag in seen:
            yield f"{part.tag} stands twice"
        seen.add(part.tag)
        if part.tag in kind.flags:
            feature = kind.flags[part.tag]
            if text not in ("T", "F"):
                yield f"{part.tag} must be T or F, not {text!r}"
            if feature and feature not in found.features:
                yield f"{part.tag} needs the feature {feature} in the manifest"
        elif part.tag in kind.elements:
            if len(part) or not kind.elements[part.tag].fullmatch(text):
                yield f"{part.tag} does not take {text!r}"
        elif part.tag not in (NESTED.get(kind.name), "roleaccesses") or (part.tag == "roleaccesses" and not kind.flags):
            yield f"{kind.name} has no element {part.tag}"
        if (feature := FEATURE_OF.get(part.tag, "")) and feature not in found.features:
            yield f"{part.tag} needs the feature {feature} in the manifest"
    yield from (f"{name} is missing" for name in kind.required if name not in seen)


def _of_kind(made: SdfObject) -> Iterator[str]:
    if made.kind.flags:
        yield from _field(made)
    elif made.kind.name == "role":
        yield from _role(made)
    else:
        yield from _list(made)


def _field(made: SdfObject) -> Iterator[str]:
    selects = made.text("fieldtype") in SELECTS
    if selects != bool(made.text("selectrecordtype")):
        yield "selectrecordtype is for SELECT and MULTISELECT, and needed there"
    if bool(made.text("sourcelist")) != bool(made.text("sourcefrom")):
        yield "sourcelist and sourcefrom belong together"
    if made.text("defaultchecked") and made.text("fieldtype") != "CHECKBOX":
        yield "defaultchecked is for CHECKBOX"
    if not any(made.is_on(flag) for flag in made.kind.flags):
        yield "no flag says which records have the field"
    for row in made.element.iterfind("roleaccesses/*"):
        if row.tag != "roleaccess" or sorted(part.tag for part in row) != sorted(ROLE_ACCESS):
            yield "a roleaccess has role, accesslevel and searchlevel"
        elif not REFERENCE.fullmatch((row.findtext("role") or "").strip()):
            yield "the role of a roleaccess is a reference"
        elif any(not LEVEL.fullmatch((row.findtext(name) or "").strip()) for name in ROLE_ACCESS[1:]):
            yield "the levels of a roleaccess are 0, 1 or 2"


def _role(made: SdfObject) -> Iterator[str]:
    rows = list(made.element.iterfind("permissions/*"))
    if len(rows) != len(made.permissions):
        yield "a permission key stands twice"
    for row in rows:
        if row.tag != "permission" or {part.tag for part in row} - {"permkey", "permlevel", "restriction"}:
            yield "a permission has permkey, permlevel and perhaps restriction"
    for key, level in made.permissions.items():
        if key not in PERMISSION_LEVELS:
            yield f"Invalid permkey reference key {key}"
        elif level not in PERMISSION_LEVELS[key]:
            yield f"Invalid permlevel reference key {level} of {key}; it takes {', '.join(PERMISSION_LEVELS[key])}"


def _list(made: SdfObject) -> Iterator[str]:
    rows = list(made.element.iterfind("customvalues/*"))
    if len(rows) != len(made.values) or any(row.tag != "customvalue" for row in rows):
        yield "customvalues are customvalue elements with a scriptid each"
    for identifier, value in made.values.items():
        if not re.fullmatch("[a-z0-9_]{1,40}", identifier) or not value:
            yield f"customvalue {identifier!r} needs an id of at most 40 letters, digits or _, and a value"


def _deploy(found: SdfProject) -> None:
    root = _parsed(found, DEPLOY)
    if root is None:
        return
    if root.tag != "deploy" or {part.tag for part in root} - {"objects", "files", "configuration", "translationimports"}:
        found.say(DEPLOY, "must be deploy with blocks of objects")
    placed: set[str] = set()
    for block in root.iterfind("objects"):
        chosen = []
        for path in block:
            pattern = (path.text or "").strip()
            hits = [o for o in found.objects.values() if fnmatchcase(o.path, SOURCE + pattern.removeprefix("~/"))]
            if path.tag != "path" or not pattern.startswith("~/Objects/") or not hits:
                found.say(DEPLOY, f"path {pattern!r} does not lead to any object")
            chosen += [o for o in hits if o.script_id not in placed]
            placed |= {o.script_id for o in hits}
        found.blocks.append(chosen)
    for script_id in sorted(set(found.objects) - placed):
        found.say(DEPLOY, f"{script_id} is in the project, and no path deploys it")


def _references(found: SdfProject, there: set[str]) -> None:
    """Blocks go one after the other: what an object refers to is in the account, in its own block, or in one before."""
    known = set(there)
    for block in found.blocks:
        known |= {made.script_id for made in block}
        for made in block:
            for name in sorted(made.references - known):
                later = " yet: it is deployed later" if name in found.objects else ""
                found.say(made.path, f"refers to {name}, which does not exist{later}")

"""What a NetSuite account has of the connector's fields and lists, by field map, label and derived script id, as the steps find them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tallybridge.errors import Refused
from tallybridge.fields.netsuite import FIELDS, LISTS, NETSUITE, OF_A_FEATURE, TYPES, NetSuiteField, script_id_of
from tallybridge.fields.netsuite_role import PERMISSIONS, ROLE_ID
from tallybridge.netsuite import FieldInfo, RecordSchema
from tallybridge_cli.setup.netsuite_project import EVERYTHING, Wanted

OBJECT = re.compile(r"\b(?:cust(?:entity|item|body|col|omlist|omrole))\w*")


class Account(Protocol):
    """What is needed of the NetSuite client."""

    def metadata(self, record_type: str) -> RecordSchema: ...
    def suiteql(self, q: str) -> Iterator[dict[str, str]]: ...


@dataclass(frozen=True)
class Comparison:
    """What was found. `wanted`: what a project must hold. `field_map`: entries to save, of fields that are there under other ids.
    `mapped`: entries of the field map that name what the account does not have. `wrong_type`, `incomplete` (records that lack the field),
    `lists` (values that are missing), each by logical name or list; `hidden`: record types that the role may not see, with the permission;
    `unseen`: fields of those alone, and lines that the account does not describe."""

    wanted: Wanted
    found: int = 0
    field_map: dict[str, str] = field(default_factory=dict)
    mapped: dict[str, str] = field(default_factory=dict)
    wrong_type: dict[str, str] = field(default_factory=dict)
    incomplete: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)

    def written_by(self, role: str) -> Comparison:
        """With a role that may write the new fields; one of somebody else's is there, and ours is not needed."""
        if role == ROLE_ID:
            return self
        return replace(self, wanted=replace(self.wanted, role=False, writer=role))

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "missing": [f.name for f in self.wanted.fields],
            "missing_lists": [LISTS[label][0] for label in self.wanted.lists],
            "role": self.wanted.role,
            **{name: value for name, value in vars(self).items() if name != "wanted"},
        }


def whole() -> Comparison:
    """The whole project, for an account that was not looked at."""
    return Comparison(EVERYTHING)


def with_objects(text: str) -> Comparison:
    """By what `suitecloud object:list` has printed: what has one of our script ids is left alone."""
    there = {name.lower() for name in OBJECT.findall(text.lower())}
    missing = tuple(f for f in FIELDS if f.script_id not in there)
    lists = tuple(label for label, (script_id, _) in LISTS.items() if script_id not in there)
    return Comparison(Wanted(missing, lists, ROLE_ID not in there), found=len(FIELDS) - len(missing))


def with_account(account: Account, overrides: Mapping[str, str]) -> Comparison:
    """By the account's own description of its records."""
    schemas, hidden = _schemas(account)
    made = Comparison(Wanted((), (), role=False), hidden=hidden)
    missing = []
    for wanted in FIELDS:
        if _is_missing(wanted, schemas, overrides, made):
            missing.append(wanted)
    lists = tuple(_lists(account, {f.label for f in missing}, made))
    there = len(FIELDS) - len(missing) - len(made.unseen) - len(made.mapped)
    return replace(made, wanted=Wanted(tuple(missing), lists, bool(missing), ids={**overrides, **made.field_map}), found=there)


def _schemas(account: Account) -> tuple[dict[str, RecordSchema], dict[str, str]]:
    found, hidden = {}, {}
    for record_type in NETSUITE:
        try:
            found[record_type] = account.metadata(record_type)
        except Refused as refused:
            if refused.status == 403 or record_type not in OF_A_FEATURE:
                hidden[record_type] = PERMISSIONS[record_type]
    return found, hidden


def _is_missing(wanted: NetSuiteField, schemas: Mapping[str, RecordSchema], overrides: Mapping[str, str], made: Comparison) -> bool:
    """Whether the account lacks the field; everything else that is to be told of it is noted."""
    known = {r: _fields(schemas[r], wanted) for r in _used_on(wanted) if r in schemas and _fields(schemas[r], wanted)}
    if not known:
        made.unseen.append(wanted.name)
        return False
    ids = {r: script_id_of(wanted.prefix, wanted.label, fields, overrides) for r, fields in known.items()}
    there = {r: known[r][script_id] for r, script_id in ids.items() if script_id in known[r]}
    if not there:
        if wanted.name in overrides:
            made.mapped[wanted.name] = overrides[wanted.name]
            return False
        return True
    if lacking := [r for r in known if r not in there]:
        made.incomplete[wanted.name] = lacking
    record, info = next(iter(there.items()))
    if info.type not in TYPES[wanted.kind]:
        made.wrong_type[wanted.name] = f"{ids[record]} is {info.type}, not {wanted.kind}"
    if ids[record] != wanted.script_id and wanted.name not in overrides:
        made.field_map[wanted.name] = ids[record]
    return False


def _used_on(wanted: NetSuiteField) -> list[str]:
    """The record types on which a step uses it."""
    return list(dict.fromkeys(use.record for use in wanted.uses if use.step))


def _fields(schema: RecordSchema, wanted: NetSuiteField) -> Mapping[str, FieldInfo]:
    return schema.sublists.get("item", {}) if wanted.prefix == "custcol" else schema.fields


def _lists(account: Account, missing: set[str], made: Comparison) -> Iterator[str]:
    """The lists that the account lacks; values that one of its lists lacks are noted. A list is never written over."""
    for label, (script_id, values) in LISTS.items():
        try:
            there = {row.get("name", "") for row in account.suiteql(f"SELECT id, name FROM {script_id}")}
        except Refused:
            if label in missing:
                yield label
            continue
        if lacking := [value for value in values if value not in there]:
            made.lists[script_id] = lacking

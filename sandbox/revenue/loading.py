"""Whole objects in and out: what the control endpoints `load` and `dump` do."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from itertools import islice
from typing import Any

from sandbox.control import LoadRefused
from sandbox.revenue.columns import is_column
from sandbox.revenue.linerules import RULES, LineRule
from sandbox.revenue.options import CHOICES, PROFILES, SWITCHES, RevenueOptions, Role, User
from sandbox.revenue.templates import Template
from sandbox.revenue.tenant import Tenant, staged_line
from sandbox.revenue.tokens import Gate

Objects = dict[str, list[dict[str, Any]]]
SHOWN_LINES = 200_000
"""Staged lines that `dump` shows at most; `staging` counts all of them."""
SHOWN_ONLY = ("upload", "stagingLine", "stageError", "staging")
"""Types that come out of uploads; `load` does not take them."""
REFERENCE_CODES = frozenset(
    f"RPRO-{n}"
    for n in ("00077", "00078", "00079", "00082", "00357", "00600", "00621", "00622", "00623", "00624", "00657", "00683", "00684", "10000")
)


class Loader:
    """Loads and dumps the tenant's objects by type."""

    def __init__(self, tenant: Tenant, gate: Gate) -> None:
        self.tenant = tenant
        self.gate = gate
        self.takes: dict[str, Callable[[dict[str, Any]], None]] = {
            "tenant": self._switches,
            "role": self._role,
            "user": self._user,
            "organization": self._organization,
            "profile": self._profile,
            "currency": self._currency,
            "rule": self._rule,
            "template": self._template,
        }

    def load(self, objects: Objects) -> dict[str, int]:
        """Create or replace the objects, all or none. Raises `LoadRefused`."""
        if not isinstance(objects, dict) or not all(isinstance(rows, list) for rows in objects.values()):
            raise ValueError("load takes an object whose members are lists of objects")
        before = self._configuration()
        errors: list[dict[str, Any]] = []
        for kind in (k for k in objects if k not in self.takes):
            why = "comes out of uploads only" if kind in SHOWN_ONLY else "is not known"
            errors.append({"type": kind, "index": 0, "message": f"The type {kind!r} {why}."})
        for kind, take in self.takes.items():
            for index, row in enumerate(objects.get(kind, [])):
                try:
                    take(row)
                except (ValueError, TypeError, KeyError, AttributeError) as wrong:
                    errors.append({"type": kind, "index": index, "message": str(wrong)})
        if errors:
            self._restore(before)
            raise LoadRefused(errors)
        return {kind: len(rows) for kind, rows in objects.items()}

    def _configuration(self) -> tuple[dict[str, Any], ...]:
        t = self.tenant
        kept = {k: getattr(t, k) for k in ("templates", "profiles", "currencies", "organizations", "off", "custom_rules")}
        return (
            copy.copy(vars(t.options)),
            {k: copy.copy(v) for k, v in kept.items()},
            {"users": dict(self.gate.users), "roles": dict(self.gate.roles)},
        )

    def _restore(self, before: tuple[dict[str, Any], ...]) -> None:
        for target, values in zip((self.tenant.options, self.tenant, self.gate), before, strict=True):
            for name, value in values.items():
                setattr(target, name, value)

    # --- One object of each type --------------------------------------------------------------------------------------

    def _switches(self, given: dict[str, Any]) -> None:
        for name, value in given.items():
            wanted = SWITCHES.get(name)
            if wanted is None:
                raise ValueError(f"the tenant has no switch {name!r}; known: {', '.join(SWITCHES)}")
            if wanted is float and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                raise ValueError(f"{name} must be of type {wanted.__name__}, not {value!r}")
            if value not in CHOICES.get(name, (value,)):
                raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}, not {value!r}")
            setattr(self.tenant.options, name, tuple(value) if isinstance(value, list) else value)

    def _role(self, given: dict[str, Any]) -> None:
        made = Role(**given)
        self.gate.roles[made.name] = made

    def _user(self, given: dict[str, Any]) -> None:
        content: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
        made = User(**content)
        if unknown := [r for r in made.roles if r not in self.gate.roles]:
            raise ValueError(f"there is no role {unknown[0]!r}")
        self.gate.users[made.name] = made

    def _organization(self, given: dict[str, Any]) -> None:
        self.tenant.organizations[str(given["org_id"])] = str(given["org_name"])

    def _profile(self, given: dict[str, Any]) -> None:
        if given["name"] not in PROFILES:
            raise ValueError(f"there is no profile {given['name']!r}; known: {', '.join(PROFILES)}")
        value = str(given["value"])
        if given["name"] == "UPLOAD_MAX_ERROR_COUNT" and not (value.isdecimal() and int(value) > 0):
            raise ValueError("UPLOAD_MAX_ERROR_COUNT must be a whole number above 0")
        self.tenant.profiles[given["name"]] = value

    def _currency(self, given: dict[str, Any]) -> None:
        self.tenant.currencies[str(given["code"])] = int(given["decimals"])

    def _rule(self, given: dict[str, Any]) -> None:
        """A switch for a predefined rule, or a rule of the tenant's own that demands a column."""
        code, enabled = str(given["code"]), given.get("enabled", True)
        if code.startswith("CUST"):
            if not is_column(given["column"]):
                raise ValueError(f"the staging table has no column {given['column']!r}")
            reason = str(given.get("reason") or f"a missing {given['column']}")
            types = tuple(given.get("types", ()))
            self.tenant.custom_rules[code] = LineRule(code, types, (given["column"],), lambda around, cell: not cell, reason)
        elif code not in {r.code for r in RULES} | REFERENCE_CODES:
            raise ValueError(f"there is no rule {code!r}")
        (self.tenant.off.discard if enabled else self.tenant.off.add)(code)

    def _template(self, given: dict[str, Any]) -> None:
        made = Template.from_object(given, self.tenant.next_template())
        same = next((t for t in self.tenant.templates.values() if t.id == made.id and t.name != made.name), None)
        if same is not None:
            raise ValueError(f"the id {made.id} belongs to the template {same.name!r}")
        self.tenant.templates[made.name] = made

    # --- Out ----------------------------------------------------------------------------------------------------------

    def dump(self) -> Objects:
        """The configuration as `load` takes it, and what the uploads left behind."""
        t = self.tenant
        t.settle()
        return {
            "tenant": [_switches_of(t.options)],
            "role": [asdict(r) for r in self.gate.roles.values()],
            "user": [asdict(u) for u in self.gate.users.values()],
            "organization": [{"org_id": k, "org_name": v} for k, v in t.organizations.items()],
            "profile": [{"name": k, "value": v} for k, v in t.profiles.items()],
            "currency": [{"code": k, "decimals": v} for k, v in t.currencies.items()],
            "rule": [{"code": code, "enabled": False} for code in sorted(t.off)],
            "template": [x.as_object() for x in t.templates.values()],
            "upload": [u.as_object() for u in t.uploads.values()],
            "stagingLine": list(islice(_staged_lines(t), SHOWN_LINES)),
            "stageError": [
                {
                    "id": e.id,
                    "line_id": u.first_line + e.line,
                    "file_request_id": u.id,
                    "row": e.line + 1,
                    "code": e.code,
                    "message": e.message,
                }
                for u in t.uploads.values()
                for e in u.errors
            ],
            "staging": [_summary(t)],
        }


def _switches_of(options: RevenueOptions) -> dict[str, Any]:
    values = {f.name: getattr(options, f.name) for f in fields(options) if f.name in SWITCHES}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def _staged_lines(tenant: Tenant) -> Iterator[dict[str, Any]]:
    for upload in tenant.uploads.values():
        flags = upload.flags()
        for number, cells in enumerate(upload.lines()):
            yield staged_line(upload, number, cells, flags)


def _summary(tenant: Tenant) -> dict[str, Any]:
    """How many lines are staged, and how many of them bring a line that was staged before (same type and line ids)."""
    seen: set[int] = set()
    lines = 0
    for upload in tenant.uploads.values():
        for cells in upload.lines():
            lines += 1
            seen.add(hash((cells.get("type"), cells.get("doc_line_id"), cells.get("inv_line_id"))))
    return {"lines": lines, "shown": min(lines, SHOWN_LINES), "repeated": lines - len(seen)}

"""Settings: every key with who changed it last; edited, checked, compared, and saved with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from tallybridge.clock import stamp
from tallybridge.configuration import SETTINGS
from tallybridge.console.asked import MAX_REASON, SECRET, Action, Asked, Screen, Shown
from tallybridge.console.errors import missing, wrong
from tallybridge.console.roles import Role
from tallybridge.desk import credentials, history, moving, settings, settings_checks
from tallybridge.desk.connection import connection
from tallybridge.desk.doctor.check import Check, State
from tallybridge.errors import ConfigurationError
from tallybridge.settings import parse_settings

MAX_DOCUMENT = 400_000
"""Characters of a settings document."""
FIELD = "key."
"""How the fields of the form begin, before the key."""


def show(asked: Asked) -> dict[str, Any]:
    """{"version", "groups", "only", "history", "credentials", "connection"}: every setting, or those that differ from their default, with
    value, default, and who changed it last."""
    version, values = settings.in_force(asked.target)
    changed, only = settings.last_changes(asked.target), asked.query.get("only") == "changed"
    every = ({**group, "rows": [row for row in group["rows"] if not (only and row["is_default"])]} for group in _groups(values, changed))
    return {
        "version": version.to_json(),
        "only": only,
        "groups": [group for group in every if group["rows"]],
        "history": history.listed(asked.target, SETTINGS),
        "credentials": _credentials(asked),
        "connection": {**vars(connection(asked.target)), **vars(known := moving.move(asked.target)), "moved": known.moved},
    }


def _groups(values: dict[str, Any], changed: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The settings by heading."""
    rows: list[dict[str, Any]] = []
    for setting in settings.catalogue():
        value, text = values[setting.key], settings.as_text(setting, values[setting.key])
        own = {**asdict(setting), "value": value, "text": text, "is_default": value == setting.default, "changed": changed.get(setting.key)}
        if rows and rows[-1]["group"] != setting.group:
            yield {"title": rows[0]["group"], "rows": rows}
            rows = []
        rows.append(own)
    yield {"title": rows[0]["group"], "rows": rows}


def _credentials(asked: Asked) -> list[dict[str, Any]]:
    """Which keys of the secret are filled in, never what with."""
    try:
        given = credentials.present(asked.target)
    except ConfigurationError as incomplete:
        return [{"system": "secret", "name": "Secret", "set": [], "asked": [], "problem": incomplete.message}]
    names, expiries = credentials.NAMES, credentials.expiries(asked.target)
    advice = {each["system"]: each["advice"] for each in credentials.ending(asked.target)}
    return [
        {
            "system": system,
            "name": names[system],
            "set": [key for key in known if key != credentials.EXPIRES],
            "asked": list(dict.fromkeys((*(known or credentials.KEYS[system]), credentials.EXPIRES))),
            "expires": expiries.get(system, ""),
            "advice": advice.get(system, ""),
            "problem": "",
        }
        for system, known in given.items()
    ]


def rotate(asked: Asked) -> str:
    """Exchange credentials for new ones, after a login with them has gone well."""
    given = {name.removeprefix(SECRET): value for name, value in asked.form.items() if name.startswith(SECRET)}
    reason = asked.needed("reason", "The reason", MAX_REASON)
    credentials.rotate(asked.target, asked.needed("system", "The side"), given, asked.person, reason)
    return "/settings?done=rotated"


def accept(asked: Asked) -> str:
    """Go on with the NetSuite account that the credentials name now, if it is a copy of the one before."""
    moving.accept(asked.target, asked.person, asked.needed("reason", "The reason", MAX_REASON))
    return "/settings?done=moved"


def edit(asked: Asked) -> dict[str, Any]:
    """The form: {"version", "groups", "checks"}."""
    version, values = settings.in_force(asked.target)
    return {"version": version.number, "groups": list(_groups(values, {})), "checks": []}


def _entered(view: dict[str, Any], entered: Mapping[str, str]) -> dict[str, Any]:
    """The form with what a person has entered."""
    for group in view["groups"]:
        for row in group["rows"]:
            row["text"] = entered.get(row["key"], row["text"])
    return view


def check(asked: Asked) -> Shown:
    """What would change, and what is to be said of it; nothing is saved. A page with {"version", "changed", "checks", "document"}, or the
    form again with what was entered and what is wrong with it."""
    version, _ = settings.in_force(asked.target)
    entered = {name.removeprefix(FIELD): value for name, value in asked.form.items() if name.startswith(FIELD)}
    document = settings.edited(version.document, entered)
    if len(document) > MAX_DOCUMENT:
        raise wrong("The settings are longer than the console takes.")
    view = _checked(asked, document, version.document, version.number)
    if view["changed"] and view.pop("failed"):
        return Shown("settings_edit.html", {**_entered(edit(asked), entered), "checks": view["checks"]})
    return Shown("settings_check.html", view)


def again(asked: Asked) -> Shown:
    """The form with the values of a document that was checked, to change more."""
    values = parse_settings(asked.needed("document", "The document", MAX_DOCUMENT)).model_dump(mode="json", by_alias=True)
    entered = {setting.key: settings.as_text(setting, values[setting.key]) for setting in settings.catalogue()}
    return Shown("settings_edit.html", _entered(edit(asked), entered))


def _checked(asked: Asked, document: str, before: str, number: int) -> dict[str, Any]:
    found = [*settings_checks.checks(document, asked.target), *settings_checks.dropped(document, asked.target)]
    return {
        "version": number,
        "changed": settings.compared(before, document),
        "checks": [each.to_json() for each in found],
        "failed": _failed(found),
        "document": document,
    }


def _failed(found: list[Check]) -> bool:
    return any(each.state is State.FAIL for each in found)


def save(asked: Asked) -> str:
    """Save a document that was checked, over the version that it was made from."""
    document, reason = asked.needed("document", "The document", MAX_DOCUMENT), asked.needed("reason", "The reason", MAX_REASON)
    seen = asked.form.get("version", "")
    if not seen.isdecimal():
        raise missing("The version that the change is made from")
    version, _ = settings.in_force(asked.target)
    if not settings.compared(version.document, document):
        return "/settings?done=same"
    if failed := [each for each in settings_checks.checks(document, None) if each.state is State.FAIL]:
        raise wrong(f"{failed[0].detail}.")
    asked.target.configuration().save_version(document, asked.person, reason, replaces=int(seen))
    return "/settings?done=saved"


def restore(asked: Asked) -> str:
    """Make an earlier version the one in force."""
    number = asked.needed("number", "The version", 10)
    if not number.isdecimal():
        raise wrong("The version is no number.")
    history.restore(asked.target, SETTINGS, int(number), asked.needed("reason", "The reason", MAX_REASON), asked.person)
    return "/settings?done=saved"


def version(asked: Asked) -> dict[str, Any]:
    """An earlier version: {"version", "before", "changed"}."""
    number = asked.path["number"]
    if not number.isdecimal():
        raise wrong("The version is no number.")
    versions = asked.target.configuration().versions
    found = versions.get(int(number))
    before = versions.get(found.before).document if found.before else "{}"
    return {
        "version": found.to_json(),
        "changed": settings.compared(before, found.document),
        "current": settings.in_force(asked.target)[0].number == found.number,
        "shown_at": stamp(asked.now),
    }


OWN = {"restore": Action(Role.APPROVER, restore), "rotate": Action(Role.APPROVER, rotate), "accept": Action(Role.APPROVER, accept)}
SCREEN = Screen("settings", "/settings", "settings.html", show, OWN, "Settings")
FORMS = {"check": Action(Role.APPROVER, check), "again": Action(Role.APPROVER, again), "save": Action(Role.APPROVER, save)}
EDIT = Screen("settings", "/settings/edit", "settings_edit.html", edit, FORMS)
VERSION = Screen("settings", "/settings/versions/<number>", "settings_version.html", version)

"""The documents that people edit, settings and revenue configuration, each with its history.

Every version is an object of its own in the reports bucket, `configuration/<name>/000007.json`, written once and never changed, so that no
deployment and no clean-up touches it. The parameter of the same name holds the current document as well, or, where it is too large for
a parameter, {"stored": "<key in the reports bucket>"}. What any tool puts there becomes the next version when a run opens; a parameter
that has gone, or that a save did not reach, leaves the newest version in force.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from typing import Any

from tallybridge.clock import Clock, stamp
from tallybridge.documents import Unusable, read_object
from tallybridge.errors import ConfigurationError
from tallybridge.sync.folder import ObjectStore, is_missing, is_taken, keys

SETTINGS, REVENUE = "settings", "revenue-settings"
"""Names of the documents; the stack's parameters end in them."""
FOLDER = "configuration"
"""Where documents lie in the reports bucket; nothing expires there."""
STORED_UNDER = "stored"
"""Key of a parameter whose document lies in the reports bucket."""
PARAMETER_BYTES = 4_096
"""A longer document goes to the reports bucket alone: what a standard parameter holds."""


@dataclass(frozen=True)
class Kind:
    """What a document is: its name in words, the code of errors in it, the command that saves it, the option by which the commands of its
    history mean it, and how the keys begin of which none may go unnoticed, since they keep something from being sent."""

    what: str
    code: str
    save: str
    option: str
    guards: str

    def command(self, name: str, rest: str = "") -> str:
        """A command of the history, as a person types it."""
        return f"`tallybridge settings {name}{self.option}{rest}`"


KINDS = {
    SETTINGS: Kind("settings", "SETTINGS", "tallybridge settings save FILE", "", "cutover_"),
    REVENUE: Kind("revenue settings", "REVENUE-SETTINGS", "tallybridge revenue config FILE", " --revenue", "instances"),
}
MAX_HISTORY_PAGES = 10
"""Pages of a parameter's history; AWS keeps its last 100 versions, 50 a page."""
SHOWN = 8
"""Keys that a message names."""


@dataclass(frozen=True)
class Version:
    """One state of a document. `saved` is ISO 8601 UTC; `before` is the number of the version that it replaced, 0 for the first;
    `on_purpose` says that somebody saved it as it is through the connector's own commands; `parameter` is the state of the parameter that
    it was saved over. A document that is in force but in no version yet has the number 0."""

    number: int
    document: str
    author: str = ""
    saved: str = ""
    reason: str = ""
    before: int = 0
    on_purpose: bool = False
    parameter: str = ""

    def to_json(self) -> dict[str, Any]:
        """What is listed of it: all but the document and the parameter's state."""
        return {k: v for k, v in asdict(self).items() if k not in ("document", "parameter")}


class Versions:
    """The history of one document. Raises `ConfigurationError` CONFIGURATION-SAVED-MEANWHILE when two save at once."""

    def __init__(self, objects: ObjectStore, bucket: str, name: str) -> None:
        self.objects, self.bucket, self.name = objects, bucket, name

    def key(self, number: int) -> str:
        return f"{FOLDER}/{self.name}/{number:06d}.json"

    def numbers(self) -> list[int]:
        """The numbers of all versions, oldest first."""
        names = (key.rsplit("/", 1)[-1].removesuffix(".json") for key in keys(self.objects, self.bucket, f"{FOLDER}/{self.name}/"))
        return [int(name) for name in names if name.isdigit()]

    def newest(self) -> Version | None:
        numbers = self.numbers()
        return self.get(numbers[-1]) if numbers else None

    def get(self, number: int) -> Version:
        """A version. Raises `ConfigurationError` when there is none of this number."""
        text = self.read(self.key(number))
        if text is None:
            kind = KINDS[self.name]
            text = f"There is no version {number} of the {kind.what}."
            raise ConfigurationError(text, place="version", code=kind.code, advice=f"{kind.command('history')} lists them.")
        return Version(**json.loads(text))

    def all(self) -> Iterator[Version]:
        """Every version, newest first."""
        return (self.get(number) for number in reversed(self.numbers()))

    def add(self, version: Version) -> None:
        try:
            body = json.dumps(asdict(version), ensure_ascii=False, indent=1).encode()
            self.objects.put_object(
                Bucket=self.bucket, Key=self.key(version.number), Body=body, ContentType="application/json", IfNoneMatch="*"
            )
        except Exception as failed:
            if not is_taken(failed):
                raise
            kind = KINDS[self.name]
            raise ConfigurationError(
                f"Somebody else has just saved version {version.number} of the {kind.what}; yours was not saved.",
                place="version",
                code="CONFIGURATION-SAVED-MEANWHILE",
                advice=f"Look at {kind.command('history')}, then save yours again if it is still wanted.",
            ) from failed

    def read(self, key: str) -> str | None:
        """The text of an object of the bucket, None where there is none."""
        try:
            return str(self.objects.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode())
        except Exception as failed:
            if is_missing(failed):
                return None
            raise


@dataclass(frozen=True)
class Configuration:
    """One document of an installation: `parameters` is the SSM client, `parameter` the name of the parameter; `told` is told of each
    version that people save, as soon as it is in force."""

    parameters: Any
    parameter: str
    versions: Versions
    clock: Clock
    told: Callable[[Version], None] = lambda version: None

    @property
    def name(self) -> str:
        return self.versions.name

    def current(self) -> Version:
        """The document in force, with the number 0 while it is in no version. Raises `ConfigurationError`: nothing was ever saved, or the
        parameter names an object that is not there."""
        newest, found = self.versions.newest(), self._found()
        if newest and (found is None or found.parameter == newest.parameter or _same(found.document, newest.document)):
            return newest
        if found is None:
            kind = KINDS[self.name]
            text = f"There are no {kind.what}: nothing was saved, and there is no parameter {self.parameter}."
            raise ConfigurationError(text, place=self.parameter, code=kind.code, advice=f"Save a file: `{kind.save}`.")
        if found.number:
            return found
        return replace(found, before=newest.number if newest else 0)

    def documents(self) -> Iterator[str]:
        """The document in force and the newest that was saved, as far as they can be read: for what must work although a run was refused,
        such as telling people so."""
        with contextlib.suppress(ConfigurationError):
            yield self.current().document
        if newest := self.versions.newest():
            yield newest.document

    def save_version(self, document: str, author: str, reason: str, *, replaces: int | None = None) -> Version:
        """Make a document, which the caller has checked, the one in force: first the version, then the parameter. `replaces` is the
        number of the version that the author has seen. Raises `ConfigurationError` CONFIGURATION-SAVED-MEANWHILE."""
        numbers = self.versions.numbers()
        last, state = (numbers[-1] if numbers else 0), self._state()[0]
        if replaces is not None and replaces != last:
            kind = KINDS[self.name]
            raise ConfigurationError(
                f"Version {last} of the {kind.what} was saved after the version {replaces} that yours is made from; yours was not saved.",
                place="version",
                code="CONFIGURATION-SAVED-MEANWHILE",
                advice=f"{kind.command('history')} shows what changed; make your change on version {last}.",
            )
        made = Version(last + 1, document, author, stamp(self.clock.now()), reason, last, on_purpose=True, parameter=state)
        self.versions.add(made)
        self.told(made)
        small = len(document.encode()) <= PARAMETER_BYTES
        value = document if small else json.dumps({STORED_UNDER: self.versions.key(made.number)})
        self.parameters.put_parameter(Name=self.parameter, Value=value, Type="String", Overwrite=True)
        return made

    def adopt(self, found: Version) -> Version:
        """Keep a document that some tool put into the parameter as the next version; of two runs that do so the first one's stays."""
        author, saved = self._who()
        made = replace(found, number=found.before + 1, author=author, saved=saved, reason="Put into the parameter")
        try:
            self.versions.add(made)
        except ConfigurationError:
            return self.current()
        return made

    # -- the parameter -----------------------------------------------------------------------------------------------

    def _state(self) -> tuple[str, str | None]:
        """A token that changes with every write of the parameter, and its text; None where there is no parameter."""
        try:
            answer = self.parameters.get_parameter(Name=self.parameter)["Parameter"]
        except Exception as failed:
            if type(failed).__name__ == "ParameterNotFound":
                return "none", None
            raise
        return f"{answer.get('Version', 0)}@{answer.get('LastModifiedDate', '')}", str(answer["Value"])

    def _found(self) -> Version | None:
        """What the parameter holds or names; with its number where it names a version."""
        state, text = self._state()
        if text is None:
            return None
        key = stored_key(text)
        if not key:
            return Version(0, text, parameter=state)
        held = self.versions.read(key)
        if held is None:
            kind, bucket = KINDS[self.name], self.versions.bucket
            raise ConfigurationError(
                f"The {kind.what} are not where the parameter {self.parameter} says: there is no {key} in the bucket {bucket}.",
                place=STORED_UNDER,
                code=kind.code,
                advice=f"Bring back a version ({kind.command('history')}, {kind.command('restore', ' NUMBER')}), or save it again.",
            )
        if key.startswith(f"{FOLDER}/{self.name}/"):
            return Version(**json.loads(held))
        return Version(0, held, parameter=state)

    def _who(self) -> tuple[str, str]:
        """Who put what the parameter holds, and when, as far as AWS says; now where it does not."""
        try:
            last: dict[str, Any] = {}
            more: dict[str, str] = {}
            for _ in range(MAX_HISTORY_PAGES):
                page = self.parameters.get_parameter_history(Name=self.parameter, **more)
                last = (page["Parameters"] or [last])[-1]
                if not page.get("NextToken"):
                    break
                more = {"NextToken": page["NextToken"]}
            return str(last.get("LastModifiedUser") or "unknown"), stamp(last["LastModifiedDate"].astimezone(UTC))
        except Exception:  # the history only tells a name; the document counts
            return "unknown", stamp(self.clock.now())


def stored_key(text: str) -> str:
    """The key that a parameter's text names, "" where it is the document itself."""
    try:
        content = read_object(text)
    except Unusable:
        return ""
    key = content.get(STORED_UNDER)
    return key if isinstance(key, str) and len(content) == 1 else ""


def _same(one: str, other: str) -> bool:
    """Whether two texts are the same document, however they are laid out."""
    if one == other:
        return True
    try:
        return read_object(one) == read_object(other)
    except Unusable:
        return False


def lost(before: str, now: str) -> list[str]:
    """The keys that a document no longer has, or whose rows are all gone, in their order."""
    try:
        old, new = read_object(before), read_object(now)
    except Unusable:
        return []
    return [key for key, value in old.items() if value not in (None, "", [], {}) and (key not in new or (value and new[key] in ([], {})))]


def differences(before: str, now: str) -> list[str]:
    """The keys whose value differs between two documents, in alphabetical order."""
    try:
        old, new = read_object(before), read_object(now)
    except Unusable:
        return []
    return sorted(key for key in {*old, *new} if old.get(key) != new.get(key) or (key in old) != (key in new))


def refuse_shrunken(name: str, last: str, found: Version) -> None:
    """Raises `ConfigurationError` CONFIGURATION-SHRUNK for a document that nobody saved on purpose and that is empty, has lost a key that
    guards something, or more than half of what the last run worked with. A key that is to have its default again is written out, or the
    document saved by the connector's own command."""
    kind, gone = KINDS[name], lost(last, found.document)
    if found.on_purpose or not gone:
        return
    empty = not read_object(found.document)
    if not empty and len(gone) * 2 <= len(read_object(last)) and not any(key.startswith(kind.guards) for key in gone):
        return
    names = ", ".join(gone[:SHOWN]) + (f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else "")
    state = "are empty" if empty else f"have lost {len(gone)} of {len(read_object(last))} keys"
    raise ConfigurationError(
        f"The {kind.what} {state}; the last run worked with {names}. Nobody has saved that on purpose, so nothing was done.",
        place=", ".join(gone[:SHOWN]),
        code="CONFIGURATION-SHRUNK",
        advice=f"Bring back what was there: {kind.command('history')}, {kind.command('restore', ' NUMBER')}. "
        f"If it is meant: {kind.command('accept', ' --reason WHY')}.",
    )


def taken(configuration: Configuration, last: Callable[[], str], check: Callable[[str], Any]) -> Version:
    """The document that a run works with, in the history by then. `check` raises for a document that is not usable; `last` answers the one
    that the last run worked with, "" where there was none. Raises `ConfigurationError`."""
    found = configuration.current()
    check(found.document)
    if found.number == 0:
        refuse_shrunken(configuration.name, last(), found)
        return configuration.adopt(found)
    return found

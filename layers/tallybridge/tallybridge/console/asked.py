"""A question to a screen, and what a screen is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tallybridge.console.errors import missing, wrong
from tallybridge.console.roles import Role
from tallybridge.console.session import Session
from tallybridge.console.site import Site
from tallybridge.desk.target import Target

MAX_REASON = 500
"""Characters of a reason."""
SECRET = "secret-"
"""How the fields of a form begin that are never shown again, not even to the person who has entered them."""


@dataclass(frozen=True)
class Asked:
    """What a person asks: of which installation, with which words in the address (`query`), in a form (`form`) and in the path (`path`)."""

    site: Site
    session: Session
    now: datetime
    query: Mapping[str, str]
    form: Mapping[str, str]
    path: Mapping[str, str]

    @property
    def target(self) -> Target:
        return self.site.target

    @property
    def person(self) -> str:
        return self.session.person

    def needed(self, name: str, label: str, longest: int = MAX_REASON) -> str:
        """A field of the form that may not be empty. Raises `Refusal` CONSOLE-INPUT."""
        value = self.form.get(name, "").strip()
        if not value:
            raise missing(label)
        if len(value) > longest:
            raise wrong(f"{label} is longer than {longest} characters.")
        return value

    def number(self, name: str, otherwise: int) -> int:
        """A whole number of the address, `otherwise` where there is none."""
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 10 else otherwise


@dataclass(frozen=True)
class Shown:
    """A page in answer to a form: its template and what it is filled with."""

    template: str
    view: dict[str, Any]


@dataclass(frozen=True)
class Action:
    """Something that a form does: who may, and what. `do` answers where the person goes next, a path of the console, or a page, or a file,
    which may be asked for again with the same form."""

    role: Role
    do: Callable[[Asked], str | Shown | Download]


@dataclass(frozen=True)
class Download:
    """A file instead of a page. `policy` is the content security policy of a page that people look at, "" for a file to keep."""

    name: str
    kind: str
    content: bytes
    policy: str = ""


@dataclass(frozen=True)
class Screen:
    """A page at `path`. `show` answers plain data, which is the JSON twin of the page and what its template is filled with; `actions` are
    posted to below the path."""

    name: str
    path: str
    template: str
    show: Callable[[Asked], dict[str, Any] | Download]
    actions: Mapping[str, Action] = field(default_factory=dict)
    menu: str = ""
    """What the menu calls it, "" for a page that is not in the menu."""

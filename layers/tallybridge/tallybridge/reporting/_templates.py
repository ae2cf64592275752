"""The templates of this package: every value is escaped, undefined names are errors, and no character can change how a line reads."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tallybridge.reporting import words


def render(name: str, **values: Any) -> str:
    """The template `name` filled in. HTML templates escape all values; `.txt` templates take them as they are, cleaned."""
    return _environment(name.endswith(".html")).get_template(name).render(**values)


@cache
def _environment(escape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates", encoding="utf-8"),
        autoescape=escape,  # noqa: S701 - only the plain text alternative of the mail is not escaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_showable,
    )
    environment.filters.update(
        amount=words.amount_text,
        count=words.count_text,
        plural=words.plural,
        utc=words.utc_text,
        clock=words.clock_text,
        shortened=words.shortened,
    )
    return environment


def _showable(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return words.clean(value)
    return value

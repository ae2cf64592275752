"""The frame around every page: templates, the JSON twin, headers, and files of the console itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tallybridge import money
from tallybridge.console.site import Site
from tallybridge.reporting import words
from tallybridge.reporting.places import code_path

HERE = Path(__file__).parent
HTML, JSON = "text/html; charset=utf-8", "application/json"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Content security policy of every page: nothing inline, nothing from elsewhere, in nobody's frame."""
REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""That of a run's report, which brings its own style: it is shown as if it came from nowhere, and can do nothing."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"
NO_STORE = "no-store"
FILES = {"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8"}
"""What the console serves of itself, without a sign-in."""
NEXT_YEAR = "public, max-age=31536000, immutable"

Answer = Response[Any]


def answer(site: Site, status: int, kind: str, body: str | bytes, **more: str) -> Answer:
    """A response with every header that the console's answers have; `more` are further ones, "_" for "-"."""
    own = {"Content-Security-Policy": POLICY, "Cache-Control": NO_STORE, **HEADERS}
    own |= {name.replace("_", "-"): value for name, value in more.items()}
    if site.secure:
        own["Strict-Transport-Security"] = HSTS
    text = (
        body.decode() if isinstance(body, bytes) and kind.startswith("application/json") else body
    )  # what is JSON, the resolver takes as text alone
    return Response(status, kind, text, dict(own))


def see(site: Site, where: str, status: int = 303) -> Answer:
    """Go on to another address."""
    return answer(site, status, "text/plain; charset=utf-8", "", Location=where)


def page(
    site: Site, template: str, view: Mapping[str, Any], frame: Mapping[str, Any], *, status: int = 200, as_json: bool = False
) -> Answer:
    """A page, or its JSON twin."""
    if as_json:
        return answer(site, status, JSON, money.dumps(dict(view)))
    return answer(site, status, HTML, _environment().get_template(template).render(view=view, frame=frame, files=versions()))


def file(site: Site, name: str) -> Answer | None:
    """A file of the console itself."""
    if name not in FILES:
        return None
    return answer(site, 200, FILES[name], _read(name).decode(), Cache_Control=NEXT_YEAR)


def give_cookie(site: Site, given: Answer, name: str, value: str, seconds: int) -> None:
    """Have the browser keep something for so long; 0 makes it forget."""
    made = Cookie(site.cookie(name), value, path="/", secure=site.secure, http_only=True, max_age=seconds, same_site=SameSite.LAX_MODE)
    given.cookies.append(made)


@cache
def _read(name: str) -> bytes:
    """A file; the style begins with that of the report, so that both have one face."""
    report = (HERE.parent / "reporting" / "templates" / "report.css").read_bytes() if name.endswith(".css") else b""
    return report + (HERE / "static" / name).read_bytes()


@cache
def versions() -> dict[str, str]:
    """The addresses of the console's files: they change with their content."""
    return {name.partition(".")[2]: f"/static/{name}?v={hashlib.sha256(_read(name)).hexdigest()[:12]}" for name in FILES}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates", encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_showable,
    )
    environment.filters.update(count=words.count_text, plural=words.plural, utc=words.utc_text, coded=_coded, explained=_explained)
    return environment


def _coded(text: str) -> Markup:
    """A text in which names of keys and commands stand between backticks, as the documentation has them."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(words.clean(text)))))  # noqa: S704 - escaped before


def _explained(code: str) -> Markup:
    """A code, with a link to its page where it has one."""
    path = code_path(code)
    shown = Markup("<code>{}</code>").format(words.clean(code))
    return Markup('<a href="{}">{}</a>').format(path, shown) if path else shown


def _showable(value: Any) -> Any:
    """No character of the data can change how a line reads."""
    return words.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

"""What is refused before anything is looked at: other hosts, forms of other sites, forms of other sessions."""

from __future__ import annotations

from collections.abc import Mapping

from tallybridge.console.asked import Action
from tallybridge.console.errors import elsewhere, not_allowed, old_form, wrong_host
from tallybridge.console.session import Session
from tallybridge.console.site import Site

TOKEN, ONCE = "csrf", "once"
"""Fields that every form carries: the session's token, and a key that counts one time."""


def check_host(site: Site, headers: Mapping[str, str]) -> None:
    """Raises `Refusal` CONSOLE-HOST for a name that is not the console's own, as a page sees it whose name was pointed at this machine."""
    if (host := headers.get("host", "")) != site.host:
        raise wrong_host(host)


def check_origin(site: Site, headers: Mapping[str, str]) -> None:
    """Raises `Refusal` CONSOLE-ORIGIN for a form of another site, as the browser tells it."""
    origin, fetch = headers.get("origin"), headers.get("sec-fetch-site")
    if (origin is not None and origin != site.address) or (fetch is not None and fetch != "same-origin"):
        raise elsewhere()


def check_form(site: Site, session: Session, form: Mapping[str, str]) -> None:
    """Raises `Refusal` CONSOLE-FORM for a form that another session was given."""
    if not form.get(ONCE) or not site.sealer.is_csrf(session, form.get(TOKEN, "")):
        raise old_form()


def check_role(session: Session, action: Action) -> None:
    """Raises `Refusal` CONSOLE-ROLE."""
    if session.role < action.role:
        raise not_allowed(session.role.word, action.role.word)

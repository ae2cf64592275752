"""Signing in and out: with the company's identity provider, or on one's own machine with the key that the command prints."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from tallybridge.console import frame
from tallybridge.console.errors import Refusal, no_role, sign_in_failed, signed_out
from tallybridge.console.oidc import Attempt, Client, Provider
from tallybridge.console.roles import highest
from tallybridge.console.session import LONGEST, Session
from tallybridge.console.site import OwnMachine, Site

SESSION, ATTEMPT = "session", "signin"
"""Names of the cookies."""
ATTEMPT_SECONDS = 600
"""How long a sign-in may take."""
MAX_PATH = 500


def within(path: str) -> str:
    """A path of the console to go on to; the first page for anything that could lead elsewhere."""
    fits = path.startswith("/") and not path.startswith(("//", "/\\")) and len(path) <= MAX_PATH and path.isprintable()
    return path if fits and not path.startswith(("/signin", "/callback", "/signed-out", "/enter")) else "/"


def session_of(site: Site, cookies: Mapping[str, str]) -> Session | None:
    """The session of whoever asks, None without one."""
    session = site.sealer.session_in(cookies.get(site.cookie(SESSION), ""), site.target.clock.now())
    return None if session is None or site.state.has_ended(session.id) else session


def to_sign_in(site: Site, path: str) -> str:
    return f"/signin?{urlencode({'to': within(path)})}"


def start(site: Site, to: str) -> frame.Answer:
    """Send the person to the identity provider."""
    if isinstance(site.entrance, OwnMachine):
        raise signed_out(own_machine=True)
    attempt = Attempt.begin(within(to))
    given = frame.see(site, _provider(site, site.entrance).address(attempt), 302)
    until = int(site.target.clock.now().timestamp()) + ATTEMPT_SECONDS
    frame.give_cookie(site, given, ATTEMPT, site.sealer.seal(ATTEMPT, {**asdict(attempt), "until": until}), ATTEMPT_SECONDS)
    return given


def finish(site: Site, query: Mapping[str, str], cookies: Mapping[str, str]) -> frame.Answer:
    """Take the person whom the identity provider sends back. Raises `Refusal`."""
    if isinstance(site.entrance, OwnMachine):
        raise signed_out(own_machine=True)
    kept = site.sealer.open(ATTEMPT, cookies.get(site.cookie(ATTEMPT), ""))
    if kept is None or int(kept.pop("until", 0)) < site.target.clock.now().timestamp():
        raise sign_in_failed("it was not begun in this browser, or took too long")
    attempt = Attempt(**kept)
    if not hmac.compare_digest(attempt.state.encode(), query.get("state", "").encode()):
        raise sign_in_failed("the answer belongs to another sign-in")
    if not query.get("code"):
        raise sign_in_failed("the identity provider did not let the person in")
    claims = _provider(site, site.entrance).claims(query["code"], attempt)
    name = name_in(claims)
    role = highest(claims.get(site.groups_claim))
    if role is None:
        raise no_role(name)
    given = begin(site, Session.begin(name, role, site.target.clock.now()), attempt.to)
    frame.give_cookie(site, given, ATTEMPT, "", 0)
    return given


def enter(site: Site, key: str) -> frame.Answer:
    """Let in whoever knows the key of one's own machine."""
    own = site.entrance
    if not isinstance(own, OwnMachine) or not hmac.compare_digest(own.key.encode(), key.encode()):
        raise signed_out(own_machine=True)
    return begin(site, Session.begin(own.person, own.role, site.target.clock.now()), "/")


def begin(site: Site, session: Session, to: str) -> frame.Answer:
    given = frame.see(site, to)
    keep(site, given, session)
    return given


def keep(site: Site, given: frame.Answer, session: Session) -> None:
    frame.give_cookie(site, given, SESSION, site.sealer.session_text(session), int(LONGEST.total_seconds()))


def end(site: Site, session: Session) -> frame.Answer:
    """End a session: its cookie counts no longer, wherever it is."""
    site.state.end(session.id, session.person)
    given = frame.see(site, "/signed-out")
    frame.give_cookie(site, given, SESSION, "", 0)
    return given


def sign_out_address(site: Site) -> str:
    """Where one can leave the identity provider as well, "" where there is no such place, or it does not answer."""
    if isinstance(site.entrance, OwnMachine):
        return ""
    try:
        return _provider(site, site.entrance).sign_out_address(f"{site.address}/signed-out")
    except Refusal:
        return ""


def name_in(claims: Mapping[str, Any]) -> str:
    """What a person is called in runs, settings and actions: the mail address that the provider has verified, else another name."""
    verified = claims.get("email") if str(claims.get("email_verified", True)).lower() != "false" else ""
    names = (verified, claims.get("preferred_username"), claims.get("cognito:username"), claims.get("sub"))
    return next(str(name) for name in names if name)[:200]


def _provider(site: Site, client: Client) -> Provider:
    return Provider(client, site.target.clock.now())

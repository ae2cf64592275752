"""The console's routes: from an event of an HTTP API (payload format 2.0) to its answer."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from tallybridge.console import frame, guard, signin
from tallybridge.console.asked import SECRET, Action, Asked, Download, Screen, Shown
from tallybridge.console.errors import Refusal, no_such_page, signed_out, status_of, wrong
from tallybridge.console.notices import NOTICES
from tallybridge.console.screens import SCREENS
from tallybridge.console.session import RENEWED_AFTER, Session
from tallybridge.console.site import OwnMachine, Site
from tallybridge.desk.exits import KNOWN_ERRORS, explained
from tallybridge.errors import TallybridgeError

MAX_FIELDS = 500
"""Fields of a form."""
_one_at_a_time = threading.Lock()
"""The resolver keeps the event that it works on in its class: a process works on one at a time, as Lambda has it anyway."""

Fields = dict[str, str]


class Console:
    """The console of one site. `handle` takes an event and answers as the HTTP API wants it."""

    def __init__(self, site: Site, fault: Callable[[Exception], None] = lambda error: None) -> None:
        self.site, self.fault = site, fault
        self.app = APIGatewayHttpResolver()
        self.app.use([self._edge])
        self._own_routes()
        for screen in SCREENS:
            self.app.get(screen.path)(self._shown(screen))
            for name, action in screen.actions.items():
                self.app.post(f"{screen.path.rstrip('/')}/{name}")(self._done(screen, action))

    def handle(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        with _one_at_a_time:
            return self.app.resolve(event, context)

    def _own_routes(self) -> None:
        site = self.site
        self.app.get("/signin")(lambda: signin.start(site, self._query.get("to", "/")))
        self.app.get("/callback")(lambda: signin.finish(site, self._query, self._cookies))
        self.app.get("/enter")(lambda: signin.enter(site, self._query.get("key", "")))
        self.app.get("/signed-out")(lambda: self._error_free("signed_out.html", {"also": signin.sign_out_address(site)}))
        self.app.post("/signout")(self._sign_out)
        self.app.get("/static/<name>")(lambda name: frame.file(site, name) or self._refused(no_such_page(self._path)))
        self.app.not_found(lambda _: self._refused(no_such_page(self._path)))

    # -- the request ---------------------------------------------------------------------------------------------------

    @property
    def _path(self) -> str:
        return str(self.app.current_event.path)

    @property
    def _method(self) -> str:
        return str(self.app.current_event.http_method)

    @property
    def _headers(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in (self.app.current_event.headers or {}).items()}

    @property
    def _query(self) -> Fields:
        """The words of the address; none where they are not what a browser sends."""
        try:
            return _fields(self.app.current_event.raw_query_string)
        except ValueError:
            return {}

    @property
    def _cookies(self) -> Fields:
        pairs = (each.partition("=") for each in self.app.current_event.cookies or ())
        return {name.strip(): value for name, _, value in pairs}

    @property
    def _form(self) -> Fields:
        """The fields of a form. Raises `Refusal` CONSOLE-INPUT."""
        try:
            return _fields(self.app.current_event.decoded_body)
        except ValueError as unreadable:
            raise wrong("The form cannot be read.") from unreadable

    @property
    def _as_json(self) -> bool:
        return self._query.get("format") == "json"

    # -- the edge ------------------------------------------------------------------------------------------------------

    def _edge(self, app: Any, next_middleware: Callable[[Any], Any]) -> Any:
        """Around everything: the host is checked, and whatever is refused or fails becomes a page. What AWS says is for those alone who are
        signed in."""
        try:
            guard.check_host(self.site, self._headers)
            return next_middleware(app)
        except TallybridgeError as known:
            return self._refused(known)
        except Exception as fault:  # the outer edge of the console
            self.fault(fault)
            advice = "Try again. If it stays, look into the console's technical log and report it."
            return self._refused(
                Refusal("The console has a fault here; what was asked may or may not be done.", "CONSOLE-FAULT", advice, 500)
            )

    def _refused(self, error: TallybridgeError, session: Session | None = None, form: Fields | None = None) -> frame.Answer:
        """The page of an error; a form that was sent stands in it, to be sent again."""
        entered = {
            name: value for name, value in (form or {}).items() if name not in (guard.TOKEN, guard.ONCE) and not name.startswith(SECRET)
        }
        told = {"code": error.code, "message": error.message, "advice": error.advice}
        view = {"error": told, "again": self._path if form is not None else "", "entered": entered}
        view["sign_in"] = signin.to_sign_in(self.site, "/" if form is not None else self._path) if error.code in SIGN_IN_AGAIN else ""
        if isinstance(self.site.entrance, OwnMachine):
            view["sign_in"] = ""
        twin = view if not self._as_json else {"error": told}
        return frame.page(self.site, "error.html", twin, self._frame(session, ""), status=status_of(error), as_json=self._as_json)

    def _error_free(self, template: str, view: dict[str, Any]) -> frame.Answer:
        return frame.page(self.site, template, view, self._frame(None, ""))

    # -- screens -------------------------------------------------------------------------------------------------------

    def _shown(self, screen: Screen) -> Callable[..., frame.Answer]:
        def show(**path: str) -> frame.Answer:
            session = signin.session_of(self.site, self._cookies)
            if session is None:
                return self._unknown_person()
            asked = self._asked(session, {}, path)
            try:
                view = screen.show(asked)
            except KNOWN_ERRORS as known:
                return self._refused(explained(known), session)
            if isinstance(view, Download):
                return self._downloaded(view)
            given = frame.page(self.site, screen.template, view, self._frame(session, screen.name), as_json=self._as_json)
            if asked.now - session.seen >= RENEWED_AFTER:
                signin.keep(self.site, given, session.used(asked.now))
            return given

        return show

    def _unknown_person(self) -> frame.Answer:
        """Somebody who is not signed in wants to see a page."""
        if self._as_json or isinstance(self.site.entrance, OwnMachine):
            raise signed_out(isinstance(self.site.entrance, OwnMachine))
        query = self.app.current_event.raw_query_string
        return frame.see(self.site, signin.to_sign_in(self.site, f"{self._path}{'?' + query if query else ''}"), 302)

    def _done(self, screen: Screen, action: Action) -> Callable[..., frame.Answer]:
        def do(**path: str) -> frame.Answer:
            guard.check_origin(self.site, self._headers)
            form, session = self._form, signin.session_of(self.site, self._cookies)
            try:
                if session is None:
                    raise signed_out(isinstance(self.site.entrance, OwnMachine))
                guard.check_form(self.site, session, form)
                guard.check_role(session, action)
                return self._carried_out(action, self._asked(session, form, path), screen)
            except KNOWN_ERRORS as known:
                return self._refused(explained(known), session, form)

        return do

    def _carried_out(self, action: Action, asked: Asked, screen: Screen) -> frame.Answer:
        """Do what a form asks for, once: the same form again does nothing, unless what it asked for could not be done."""
        once = asked.form[guard.ONCE]
        if not self.site.state.first(once, asked.person):
            above = "/" + unquote(self._path).strip("/").rpartition("/")[0]
            return frame.see(self.site, f"{above}?{urlencode({'done': 'already'})}")
        try:
            done = action.do(asked)
        except KNOWN_ERRORS:
            self.site.state.forget(once)
            raise
        if isinstance(done, Download):
            self.site.state.forget(once)
            return self._downloaded(done)
        if isinstance(done, Shown):
            return frame.page(self.site, done.template, done.view, self._frame(asked.session, screen.name), as_json=self._as_json)
        return frame.see(self.site, done)

    def _sign_out(self) -> frame.Answer:
        guard.check_origin(self.site, self._headers)
        session = signin.session_of(self.site, self._cookies)
        if session is None:
            return frame.see(self.site, "/signed-out")
        guard.check_form(self.site, session, self._form)
        return signin.end(self.site, session)

    def _asked(self, session: Session, form: Fields, path: Mapping[str, str]) -> Asked:
        return Asked(self.site, session, self.site.target.clock.now(), self._query, form, {k: unquote(v) for k, v in path.items()})

    def _downloaded(self, file: Download) -> frame.Answer:
        kept = "inline" if file.policy else "attachment"
        more = {"Content_Disposition": f'{kept}; filename="{file.name}"'}
        if file.policy:
            more["Content_Security_Policy"] = file.policy
        return frame.answer(self.site, 200, file.kind, file.content, **more)

    def _frame(self, session: Session | None, name: str) -> dict[str, Any]:
        """What stands around a page."""
        return {
            "instance": self.site.instance,
            "person": session.person if session else "",
            "role": session.role.word if session else "",
            "may_operate": bool(session) and session is not None and session.role >= 2,
            "may_approve": bool(session) and session is not None and session.role >= 3,
            "csrf": self.site.sealer.csrf(session) if session else "",
            "once": lambda: secrets.token_urlsafe(16),
            "menu": [{"name": s.name, "title": s.menu, "path": s.path} for s in SCREENS if s.menu] if session else [],
            "here": name,
            "path": self._path,
            "twin": f"{self._path}?{urlencode({**self._query, 'format': 'json'})}" if session and self._method == "GET" else "",
            "notice": NOTICES.get(self._query.get("done", ""), "") if session else "",
        }


def _fields(text: str | None) -> Fields:
    """Fields as a browser writes them. Raises `ValueError` for too many, or for text that is none."""
    return dict(parse_qsl(text or "", keep_blank_values=True, max_num_fields=MAX_FIELDS))


SIGN_IN_AGAIN = ("CONSOLE-SESSION", "CONSOLE-SIGN-IN", "CONSOLE-NO-ROLE")
"""Codes after which one can sign in again."""

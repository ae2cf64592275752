"""A company's identity provider: OpenID Connect with the authorization code flow and PKCE, and a page on which one chooses who one is.

Written from OpenID Connect Core 1.0 (sections 3.1.2 and 3.1.3), RFC 7636 and OpenID Connect Discovery 1.0. It refuses what a real one
refuses: an unknown client or address to go back to, a code that was used or is older than a minute, a verifier that does not fit.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH = "/_sandbox/people"
"""Where it answers."""
CLIENT = "console"
CODE_SECONDS, TOKEN_SECONDS = 60, 300
KEY_ID = "sandbox-1"


@dataclass(frozen=True)
class Person:
    """Somebody of the company, and the groups that they belong to."""

    name: str
    mail: str
    groups: tuple[str, ...]


PEOPLE = (
    Person("Vera Viewer", "vera@example.com", ("viewer",)),
    Person("Otto Operator", "otto@example.com", ("operator",)),
    Person("Anna Approver", "anna@example.com", ("approver", "viewer")),
    Person("Nils Nobody", "nils@example.com", ("marketing",)),
)


def new_key() -> rsa.RSAPrivateKey:
    """A key to sign with."""
    return rsa.generate_private_key(65537, 2048)


@functools.cache
def _usual_key() -> rsa.RSAPrivateKey:
    """What the providers of a process sign with, since a key takes long to make."""
    return new_key()


class People:
    """WSGI application below `PATH`. `issuer` is its own address, `back` the only one that people are sent back to; `key` is what it signs
    with, None for the process's usual one."""

    def __init__(self, issuer: str, back: str, left: str, now: Callable[[], float], key: rsa.RSAPrivateKey | None = None) -> None:
        self.issuer, self.back, self.left, self.now = issuer, back, left, now
        self._key = key or _usual_key()
        self._codes: dict[str, tuple[float, dict[str, str], Person]] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        match (request.method, request.path.removeprefix(PATH)):
            case ("GET", "/.well-known/openid-configuration"):
                answer = _json(self.discovery())
            case ("GET", "/keys"):
                answer = _json({"keys": [self.public_key()]})
            case ("GET", "/authorize"):
                answer = self._authorize(request)
            case ("POST", "/token"):
                answer = self._token(request)
            case ("GET", "/logout"):
                answer = self._logout(request)
            case _:
                answer = _page("There is no such page.", "", 404)
        return answer(environ, start_response)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def public_key(self) -> dict[str, str]:
        numbers = self._key.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        modulus, exponent = _base64(numbers.n.to_bytes(size, "big")), _base64(numbers.e.to_bytes(3, "big"))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, "n": modulus, "e": exponent}

    def _authorize(self, request: Request) -> Response:
        asked = {name: request.args.get(name, "") for name in request.args}
        if asked.get("client_id") != CLIENT or asked.get("redirect_uri") != self.back:
            return _page("The client or the address to go back to is not known here.", "", 400)
        state = asked.get("state", "")
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            return self._send_back({"error": "invalid_request", "state": state})
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return self._send_back({"error": "invalid_request", "error_description": "PKCE is required", "state": state})
        chosen = next((person for person in PEOPLE if person.mail == asked.get("as")), None)
        if chosen is None:
            return _page("Who are you?", self._choices(asked))
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = (self.now(), asked, chosen)
        return self._send_back({"code": code, "state": state})

    def _choices(self, asked: dict[str, str]) -> str:
        rows = []
        for person in PEOPLE:
            address = f"{PATH}/authorize?{urlencode({**asked, 'as': person.mail})}"
            groups = ", ".join(person.groups)
            rows.append(f'<li><a href="{escape(address)}">{escape(person.name)}</a> {escape(person.mail)}, {escape(groups)}</li>')
        return f"<p>This stands for the company's sign-in. Choose a person.</p><ul>{''.join(rows)}</ul>"

    def _send_back(self, given: dict[str, str]) -> Response:
        return Response("", 302, {"Location": f"{self.back}?{urlencode(given)}", "Cache-Control": "no-store"})

    def _token(self, request: Request) -> Response:
        form = request.form
        with self._lock:
            began, asked, person = self._codes.pop(form.get("code", ""), (0.0, {}, PEOPLE[0]))
        proof = _base64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        fits = (form.get("client_id"), form.get("redirect_uri"), form.get("grant_type")) == (CLIENT, self.back, "authorization_code")
        if not asked or not fits or self.now() - began > CODE_SECONDS or proof != asked["code_challenge"]:
            return _json({"error": "invalid_grant"}, 400)
        return _json(
            {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "id_token": self.token(person, asked.get("nonce", ""))}
        )

    def token(self, person: Person, nonce: str, **other: Any) -> str:
        """A signed ID token; `other` claims replace the usual ones."""
        now = int(self.now())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": hashlib.sha256(person.mail.encode()).hexdigest()[:32],
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "nonce": nonce,
            "email": person.mail,
            "email_verified": True,
            "name": person.name,
            "cognito:groups": list(person.groups),
            **other,
        }
        head = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        return f"{signed}.{_base64(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def _logout(self, request: Request) -> Response:
        back = request.args.get("post_logout_redirect_uri", "")
        if back != self.left:
            return _page("The address to go back to is not known here.", "", 400)
        return Response("", 302, {"Location": back})


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _json(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status, {"Cache-Control": "no-store"}, content_type="application/json")


def _page(title: str, body: str, status: int = 200) -> Response:
    text = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>{body}</html>'
    return Response(text, status, content_type="text/html; charset=utf-8")

"""Who may come in: user and password against a token of thirty minutes, or a OneID client against a bearer token."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from hmac import compare_digest

from joserfc import jwt
from joserfc.jwk import OctKey
from werkzeug.wrappers import Request

from sandbox.revenue.exceptions import RevenueError, forbidden, refused, unauthorized
from sandbox.revenue.options import RevenueOptions, Role, User

ISSUER = "REVPRO 3.0 Webservices"


@dataclass(frozen=True)
class Session:
    """Who a token stands for, and when it ends (seconds since the epoch)."""

    user: User
    role: Role
    ends: float
    bearer: bool = False


class Gate:
    """Issues tokens and checks them."""

    def __init__(self, options: RevenueOptions) -> None:
        self.options = options
        self.reset()

    def reset(self) -> None:
        """Users and roles as configured; all tokens end."""
        self.users = {u.name: u for u in self.options.users}
        self.roles = {r.name: r for r in self.options.roles}
        self.sessions: dict[str, Session] = {}
        self.key = OctKey.import_key(secrets.token_bytes(32))

    def now(self) -> float:
        return self.options.clock().timestamp()

    def authenticate(self, request: Request) -> str:
        """A token for a Basic header with the headers `role` and `clientname`. Raises 400 or 401."""
        user = self._user(request.headers.get("Authorization", ""))
        if user is None:
            raise unauthorized("Invalid credentials")
        role, client = request.headers.get("role", ""), request.headers.get("clientname", "")
        if not role or not client:
            raise refused(400, "The headers role and clientname are mandatory")
        if role not in user.roles or role not in self.roles or client not in user.clients:
            raise unauthorized("The role or client is not assigned to the user")
        now = int(self.now())
        claims = {
            "username": user.name,
            "iss": ISSUER,
            "role": role,
            "iat": now,
            "nbf": now,
            "exp": now + self.options.token_life_s,
            "clientname": client,
            "jti": secrets.token_hex(8),
        }
        token = jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, self.key)
        self.sessions[token] = Session(user, self.roles[role], now + self.options.token_life_s)
        return token

    def _user(self, header: str) -> User | None:
        scheme, _, encoded = header.partition(" ")
        try:
            name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        user = self.users.get(name)
        if scheme.lower() != "basic" or not colon or user is None or not compare_digest(password.encode(), user.password.encode()):
            return None
        return user

    def bearer(self, request: Request) -> dict[str, object]:
        """The answer of OneID's token endpoint. Raises 400 or 401 in the format of OAuth 2.0."""
        form, options = request.form, self.options
        if form.get("grant_type") != "client_credentials":
            raise _oauth(400, "unsupported_grant_type")
        user, role = self.users.get(options.oauth_user), self.roles.get(options.oauth_role)
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        known = compare_digest("\n".join(given).encode(), f"{options.oauth_client_id}\n{options.oauth_client_secret}".encode())
        if not known or user is None or role is None:
            raise _oauth(401, "invalid_client")
        token = secrets.token_urlsafe(32)
        self.sessions[token] = Session(user, role, self.now() + options.token_life_s, bearer=True)
        return {"access_token": token, "token_type": "bearer", "expires_in": options.token_life_s}

    def check(self, request: Request, *, inbound: bool, outbound: bool) -> Session:
        """The session of a call. Raises 401 without a living token, 403 when the role has neither of the privileges asked for."""
        bearer = request.headers.get("Authorization", "").partition(" ")
        token = request.headers.get("token", "")
        session = self.sessions.get(token or (bearer[2].strip() if bearer[0].lower() == "bearer" else ""))
        if session is None or session.bearer == bool(token) or session.ends <= self.now():
            raise unauthorized()
        if not (inbound and session.role.inbound) and not (outbound and session.role.outbound):
            raise forbidden()
        return session


def _oauth(status: int, error: str) -> RevenueError:
    return RevenueError(status, {"error": error})

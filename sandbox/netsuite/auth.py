"""Who may come in: the OAuth 2.0 token endpoint, bearer tokens, and token-based authentication."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from werkzeug.wrappers import Request, Response

from sandbox.netsuite.access import ADMINISTRATOR, LOG_IN, USER, Access, Certificate
from sandbox.netsuite.exceptions import BAD_LOGIN, NetSuiteError, too_many_requests
from sandbox.netsuite.options import NetSuiteOptions
from sandbox.netsuite.tba import Keys, Rejected, Verifier

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
GRANT = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ("rest_webservices", "restlets", "suite_analytics")
ASSERTION_LIFE_S = 3600
CLOCK_SKEW_S = 60
REALM_DESCRIPTION = "Invalid login attempt."


class TokenError(Exception):
    """The token endpoint's refusal: `error` as OAuth 2.0 names it."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


@dataclass(frozen=True)
class Session:
    """With whose role a request is made: ids of role and entity."""

    role: int
    entity: int


class Gate:
    """Issues access tokens and checks every request's credentials."""

    def __init__(self, options: NetSuiteOptions, access: Access) -> None:
        self.options = options
        self.access = access
        self.reset()

    def reset(self) -> None:
        """Forget tokens and nonces."""
        o = self.options
        self.tokens: dict[str, tuple[int, Session]] = {}
        self.issued = 0
        self.calls: list[int] = []
        self.verifier = Verifier(Keys(o.account, o.consumer_key, o.consumer_secret, o.token_id, o.token_secret))

    def now(self) -> int:
        return int(self.options.clock().timestamp())

    def revoke_tokens(self) -> None:
        """End all access tokens, as an administrator can."""
        self.tokens.clear()

    def urls(self, request: Request, path: str) -> list[str]:
        """Addresses under which the client may know a resource: the one it called, and the account's official one."""
        return [f"{request.scheme}://{request.host}{path}", f"https://{self.options.host}{path}"]

    # token endpoint

    def token(self, request: Request) -> Response:
        """Answer a token request (OAuth 2.0 client credentials with a signed assertion)."""
        self._count_call()
        try:
            scope, certificate = self._checked(request)
        except TokenError as refused:
            headers = {"WWW-Authenticate": f'Basic realm="{self.options.account}"'} if refused.status == 401 else {}
            return _json({"error": refused.error}, refused.status, headers)
        token = self._issue(scope, certificate)
        return _json({"access_token": token, "expires_in": self.options.token_life_s, "token_type": "Bearer"}, 200)

    def _count_call(self) -> None:
        """Raises the 429 document for more calls in a minute than the account takes."""
        now, most = self.now(), self.options.token_calls_per_minute
        self.calls = [moment for moment in self.calls if moment > now - 60]
        if 0 < most <= len(self.calls):
            raise too_many_requests()
        self.calls.append(now)

    def _checked(self, request: Request) -> tuple[list[str], Certificate]:
        if request.method != "POST" or request.mimetype != "application/x-www-form-urlencoded":
            raise TokenError("invalid_request")
        form = request.form.to_dict(flat=False)
        wanted = ("grant_type", "client_assertion_type", "client_assertion")
        if any(len(form.get(name, [])) != 1 or not form[name][0] for name in wanted):
            raise TokenError("invalid_request")
        if form["grant_type"][0] != GRANT:
            raise TokenError("unsupported_grant_type")
        if "OAUTH2" not in self.access.features:
            raise TokenError("unsupported_grant_type")
        if form["client_assertion_type"][0] != ASSERTION_TYPE:
            raise TokenError("invalid_request")
        claims, certificate = self._decoded(form["client_assertion"][0])
        return self._check_claims(claims, certificate, self.urls(request, TOKEN_PATH)), certificate

    def _decoded(self, assertion: str) -> tuple[dict[str, Any], Certificate]:
        """Claims of an assertion with the key id of a certificate that holds, and a good signature."""
        try:
            head = json.loads(_unpadded(assertion.split(".")[0]))
        except ValueError:
            raise TokenError("invalid_request") from None
        if not isinstance(head, dict) or head.get("alg") not in ALGORITHMS:
            raise TokenError("invalid_request")
        certificate = self.access.certificate(str(head.get("kid")))
        if certificate is None or not certificate.is_good(self.access.today()):
            raise TokenError("invalid_client", 401)
        importer = ECKey if head["alg"].startswith("ES") else RSAKey
        try:
            key = importer.import_key(certificate.public_key)
            return dict(jwt.decode(assertion, key, algorithms=ALGORITHMS).claims), certificate
        except (JoseError, ValueError, TypeError):
            raise TokenError("invalid_client", 401) from None

    def _check_claims(self, claims: dict[str, Any], certificate: Certificate, audiences: list[str]) -> list[str]:
        integration = self.access.integrations.get(str(claims.get("iss")))
        if integration is None or claims.get("iss") != certificate.client_id:
            raise TokenError("invalid_client", 401)
        if not integration.machine:
            raise TokenError("unauthorized_client")
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
            raise TokenError("invalid_request")
        given = claims.get("aud")
        audience = given[0] if isinstance(given, list) and len(given) == 1 else given
        now = self.now()
        if audience not in audiences or expires <= now or issued > now + CLOCK_SKEW_S or not 0 < expires - issued < ASSERTION_LIFE_S:
            raise TokenError("invalid_grant")
        role, user = self.access.roles.get(certificate.role), self.access.users.get(certificate.entity)
        if role is None or user is None or role.id not in user.roles or not role.may(LOG_IN):
            raise TokenError("invalid_grant")
        scope = claims.get("scope")
        scopes = scope.replace(",", " ").split() if isinstance(scope, str) else scope
        if not isinstance(scopes, list) or not scopes or any(s not in SCOPES for s in scopes) or not integration.scope:
            raise TokenError("invalid_scope")
        return [str(s) for s in scopes]

    def _issue(self, scope: list[str], certificate: Certificate) -> str:
        """An access token: a JWT to look at, opaque to the client."""
        self.issued += 1
        now = self.now()
        o = self.options
        expires = now + o.token_life_s
        claims = {
            "sub": f"{certificate.role};{certificate.entity}",
            "aud": [f"sandbox;{o.account}", certificate.client_id],
            "scope": scope,
            "iss": "https://system.netsuite.com",
            "oit": now,
            "exp": expires,
            "iat": now,
            "jti": f"{o.account}.a-a.{self.issued:08d}",
        }
        body = ".".join(_padded(json.dumps(part).encode()) for part in ({"kid": "sandbox", "typ": "JWT", "alg": "PS256"}, claims))
        seal = hmac.new(o.token_secret.encode(), body.encode(), hashlib.sha512).digest()
        token = f"{body}.{_padded(seal * 4)}"
        self.tokens[token] = (expires, Session(certificate.role, certificate.entity))
        return token

    # all other requests

    def check(self, request: Request) -> Session:
        """Let the request in, or raise the 401 or 400 document."""
        header = request.headers.get("Authorization", "")
        scheme = header.partition(" ")[0].lower()
        if scheme == "bearer":
            return self._check_bearer(header)
        if scheme == "oauth":
            return self._check_signature(request, header)
        raise self._refusal(f'Bearer realm="{self.options.account}"')

    def _check_bearer(self, header: str) -> Session:
        token = header.partition(" ")[2].strip()
        realm = f'Bearer realm="{self.options.account}"'
        if not token or " " in token:
            challenge = f'{realm}, error="invalid_request", error_description="Malformed authorization header."'
            raise NetSuiteError(400, "INVALID_REQUEST", "Malformed authorization header.", headers={"WWW-Authenticate": challenge})
        expires, session = self.tokens.get(token, (0, Session(0, 0)))
        if expires <= self.now() or "rest_webservices" not in self._scope(token):
            raise self._refusal(f'{realm}, error="invalid_token", error_description="{REALM_DESCRIPTION}"')
        return session

    @staticmethod
    def _scope(token: str) -> list[str]:
        scope: list[str] = json.loads(_unpadded(token.split(".")[1]))["scope"]
        return scope

    def _check_signature(self, request: Request, header: str) -> Session:
        raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path)
        path = raw if raw.startswith("/") else request.full_path
        try:
            if self.options.bare:
                raise Rejected("this account has no token")
            self.verifier.verify(header, request.method, self.urls(request, path), self.now())
        except Rejected:
            challenge = f'OAuth realm="{self.options.account}", error="token_rejected", error_description="{REALM_DESCRIPTION}"'
            raise self._refusal(challenge) from None
        return Session(ADMINISTRATOR, USER)

    @staticmethod
    def _refusal(challenge: str) -> NetSuiteError:
        return NetSuiteError(401, "INVALID_LOGIN", BAD_LOGIN, headers={"WWW-Authenticate": challenge})


def _json(body: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(
        json.dumps(body), status=status, content_type="application/json", headers={"Cache-Control": "no-store", **(headers or {})}
    )


def _padded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

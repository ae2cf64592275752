"""Who may come in: the OAuth 2.0 token endpoint, bearer tokens, and token-based authentication."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from werkzeug.wrappers import Request, Response

from sandbox.netsuite.exceptions import BAD_LOGIN, NetSuiteError
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


class Gate:
    """Issues access tokens and checks every request's credentials."""

    def __init__(self, options: NetSuiteOptions) -> None:
        self.options = options
        self.reset()

    def reset(self) -> None:
        """Forget tokens and nonces."""
        o = self.options
        self.tokens: dict[str, int] = {}
        self.issued = 0
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
        try:
            scope = self._checked(request)
        except TokenError as refused:
            headers = {"WWW-Authenticate": f'Basic realm="{self.options.account}"'} if refused.status == 401 else {}
            return _json({"error": refused.error}, refused.status, headers)
        token = self._issue(scope)
        return _json({"access_token": token, "expires_in": self.options.token_life_s, "token_type": "Bearer"}, 200)

    def _checked(self, request: Request) -> list[str]:
        if request.method != "POST" or request.mimetype != "application/x-www-form-urlencoded":
            raise TokenError("invalid_request")
        form = request.form.to_dict(flat=False)
        wanted = ("grant_type", "client_assertion_type", "client_assertion")
        if any(len(form.get(name, [])) != 1 or not form[name][0] for name in wanted):
            raise TokenError("invalid_request")
        if form["grant_type"][0] != GRANT:
            raise TokenError("unsupported_grant_type")
        if form["client_assertion_type"][0] != ASSERTION_TYPE:
            raise TokenError("invalid_request")
        return self._check_claims(self._decoded(form["client_assertion"][0]), self.urls(request, TOKEN_PATH))

    def _decoded(self, assertion: str) -> dict[str, Any]:
        """Claims of an assertion with the right key id and a good signature."""
        try:
            head = json.loads(_unpadded(assertion.split(".")[0]))
        except ValueError:
            raise TokenError("invalid_request") from None
        if not isinstance(head, dict) or head.get("alg") not in ALGORITHMS:
            raise TokenError("invalid_request")
        if head.get("kid") != self.options.certificate_id or not self.options.certificate_public_key:
            raise TokenError("invalid_client", 401)
        importer = ECKey if head["alg"].startswith("ES") else RSAKey
        try:
            key = importer.import_key(self.options.certificate_public_key)
            return dict(jwt.decode(assertion, key, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError, TypeError):
            raise TokenError("invalid_client", 401) from None

    def _check_claims(self, claims: dict[str, Any], audiences: list[str]) -> list[str]:
        if claims.get("iss") != self.options.client_id:
            raise TokenError("invalid_client", 401)
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
            raise TokenError("invalid_request")
        given = claims.get("aud")
        audience = given[0] if isinstance(given, list) and len(given) == 1 else given
        now = self.now()
        if audience not in audiences or expires <= now or issued > now + CLOCK_SKEW_S or not 0 < expires - issued < ASSERTION_LIFE_S:
            raise TokenError("invalid_grant")
        scope = claims.get("scope")
        scopes = scope.replace(",", " ").split() if isinstance(scope, str) else scope
        if not isinstance(scopes, list) or not scopes or any(s not in SCOPES for s in scopes):
            raise TokenError("invalid_scope")
        return [str(s) for s in scopes]

    def _issue(self, scope: list[str]) -> str:
        """An access token: a JWT to look at, opaque to the client."""
        self.issued += 1
        now = self.now()
        o = self.options
        expires = now + o.token_life_s
        claims = {
            "sub": "3;1",
            "aud": [f"sandbox;{o.account}", o.client_id],
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
        self.tokens[token] = expires
        return token

    # all other requests

    def check(self, request: Request) -> None:
        """Let the request in or raise the 401 or 400 document."""
        header = request.headers.get("Authorization", "")
        scheme = header.partition(" ")[0].lower()
        if scheme == "bearer":
            self._check_bearer(header)
        elif scheme == "oauth":
            self._check_signature(request, header)
        else:
            raise self._refusal(f'Bearer realm="{self.options.account}"')

    def _check_bearer(self, header: str) -> None:
        token = header.partition(" ")[2].strip()
        realm = f'Bearer realm="{self.options.account}"'
        if not token or " " in token:
            challenge = f'{realm}, error="invalid_request", error_description="Malformed authorization header."'
            raise NetSuiteError(400, "INVALID_REQUEST", "Malformed authorization header.", headers={"WWW-Authenticate": challenge})
        if self.tokens.get(token, 0) <= self.now() or "rest_webservices" not in self._scope(token):
            raise self._refusal(f'{realm}, error="invalid_token", error_description="{REALM_DESCRIPTION}"')

    @staticmethod
    def _scope(token: str) -> list[str]:
        scope: list[str] = json.loads(_unpadded(token.split(".")[1]))["scope"]
        return scope

    def _check_signature(self, request: Request, header: str) -> None:
        raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path)
        path = raw if raw.startswith("/") else request.full_path
        try:
            self.verifier.verify(header, request.method, self.urls(request, path), self.now())
        except Rejected:
            challenge = f'OAuth realm="{self.options.account}", error="token_rejected", error_description="{REALM_DESCRIPTION}"'
            raise self._refusal(challenge) from None

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

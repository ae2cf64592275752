"""OAuth 2.0 client credentials: a signed assertion is exchanged for an access token (api-netsuite.md 2.2)."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tallybridge.errors import BadAnswer, ConfigurationError, LoginRefused
from tallybridge.http import Answer, Call, Effect, Http
from tallybridge.netsuite.connection import TOKEN_PATH, NetSuiteConnection
from tallybridge.netsuite.faults import SERVICE, error_from

ASSERTION_SECONDS = 300
"""Life of an assertion; NetSuite takes less than 60 minutes."""
USABLE_PART = 0.9
"""Part of a token's life for which it is used."""
MAX_TOKEN_SECONDS = 24 * 3600.0
SCOPE = ["rest_webservices"]
CURVES = {256: "ES256", 384: "ES384", 521: "ES512"}
CAUSES = {
    "invalid_client": "the client id or the certificate is not known to this account, or the signature does not fit the certificate",
    "invalid_grant": "the assertion has run out or is not tied to this client: check the clock, the certificate and its expiry",
    "invalid_request": "the request is not well-formed",
    "invalid_scope": "the integration does not have the scope REST Web Services",
    "unauthorized_client": "the integration does not allow Client Credentials (Machine to Machine)",
    "unsupported_grant_type": "the account does not offer this way to log in: enable OAuth 2.0",
}
"""What NetSuite's `error` means for the person who must act."""


def login(connection: NetSuiteConnection, http: Http) -> tuple[str, float]:
    """A new token and the seconds it may be used. Raises `LoginRefused` with NetSuite's reason, `ConfigurationError` for a bad key."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(connection, int(http.clock())),
    }
    call = Call(
        SERVICE,
        "POST",
        connection.url + TOKEN_PATH,
        Effect.READ,
        "login",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(form),
    )
    answer = http.send(call)
    if answer.status in (400, 401, 403):
        raise _refused(answer)
    if error := error_from(answer, "login", Effect.READ):
        raise error
    try:
        token = answer.json()
        return str(token["access_token"]), min(float(token["expires_in"]), MAX_TOKEN_SECONDS) * USABLE_PART
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer("NetSuite's login answer has no usable token.", service=SERVICE, status=answer.status) from error


def assertion(connection: NetSuiteConnection, now: int) -> str:
    """The signed statement that this client asks for a token at the moment `now` (seconds since 1970)."""
    key, algorithm = signing_key(connection.private_key)
    claims = {
        "iss": connection.client_id,
        "scope": SCOPE,
        "aud": connection.token_audience,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
        "jti": secrets.token_hex(16),
    }
    header = {"typ": "JWT", "alg": algorithm, "kid": connection.certificate_id}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def signing_key(pem: str) -> tuple[ECKey | RSAKey, str]:
    """The key and the algorithm that goes with it: ES256 (ES384, ES512) for EC keys, PS256 for RSA."""
    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError("The NetSuite private key is not a PEM key without password.", place="netsuite.private_key") from error
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.key_size in CURVES:
        return ECKey.import_key(pem), CURVES[private.curve.key_size]
    if isinstance(private, rsa.RSAPrivateKey):
        return RSAKey.import_key(pem), "PS256"
    raise ConfigurationError("The NetSuite private key must be EC (P-256) or RSA.", place="netsuite.private_key")


def _refused(answer: Answer) -> LoginRefused:
    body = answer.json_or_none()
    reason = str(body.get("error", "")) if isinstance(body, dict) else ""
    return LoginRefused(
        f"NetSuite refused the login: {CAUSES.get(reason, 'no reason given')} ({reason or answer.status}).",
        service=SERVICE,
        status=answer.status,
        service_code=f"LOGIN-{reason or answer.status}",
    )

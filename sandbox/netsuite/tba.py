"""OAuth 1.0a signatures (token-based authentication), verified from the request alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

METHOD = "HMAC-SHA256"
CLOCK_SKEW_S = 300
NONCES_KEPT = 200_000
NONCE = re.compile(r"[A-Za-z0-9]{6,64}")
_PARAMETER = re.compile(r'\s*([A-Za-z0-9_.~-]+)="([^"]*)"\s*')
DEFAULT_PORTS = {"http": 80, "https": 443}


class Rejected(Exception):
    """The signature or one of its parameters is not acceptable; the text is for the log, not for the client."""


@dataclass(frozen=True)
class Keys:
    """What the account knows of the integration and its token."""

    account: str
    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str


def encoded(text: str) -> str:
    """Percent-encoding by RFC 3986: letters, digits and `-._~` stay."""
    return quote(text, safe="-._~")


def header_parameters(header: str) -> dict[str, str]:
    """Parameters of an `Authorization: OAuth ...` header, decoded. Raises `Rejected` when it cannot be read or one is repeated."""
    found: dict[str, str] = {}
    for part in header.partition(" ")[2].split(","):
        match = _PARAMETER.fullmatch(part)
        if match is None or match[1] in found:
            raise Rejected(f"cannot read {part!r}")
        found[match[1]] = unquote(match[2])
    return found


def base_string(method: str, url: str, oauth: dict[str, str]) -> str:
    """The text that is signed: method, address without query, and all parameters of header and query, sorted."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.port and parts.port != DEFAULT_PORTS.get(parts.scheme.lower()):
        host = f"{host}:{parts.port}"
    signed = [(k, v) for k, v in oauth.items() if k not in ("oauth_signature", "realm")]
    signed += parse_qsl(parts.query, keep_blank_values=True)
    pairs = sorted((encoded(k), encoded(v)) for k, v in signed)
    address = f"{parts.scheme.lower()}://{host}{parts.path or '/'}"
    return "&".join([method.upper(), encoded(address), encoded("&".join(f"{k}={v}" for k, v in pairs))])


def signature(text: str, consumer_secret: str, token_secret: str) -> str:
    """HMAC-SHA256 of a base string, in base 64."""
    key = f"{encoded(consumer_secret)}&{encoded(token_secret)}".encode()
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


class Verifier:
    """Checks requests and remembers nonces, so that none is taken twice."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.seen: dict[tuple[str, str], None] = {}

    def verify(self, header: str, method: str, urls: list[str], now: int) -> None:
        """Accept the request or raise `Rejected`. `urls`: the addresses the client may have signed; `now` in seconds."""
        given = header_parameters(header)
        keys = self.keys
        expected = {
            "realm": keys.account,
            "oauth_consumer_key": keys.consumer_key,
            "oauth_token": keys.token_id,
            "oauth_signature_method": METHOD,
        }
        for name, value in expected.items():
            if given.get(name) != value:
                raise Rejected(f"{name} is not {value}")
        if given.get("oauth_version", "1.0") != "1.0":
            raise Rejected("oauth_version is not 1.0")
        stamp, nonce = given.get("oauth_timestamp", ""), given.get("oauth_nonce", "")
        if not stamp.isdigit() or abs(int(stamp) - now) > CLOCK_SKEW_S:
            raise Rejected(f"oauth_timestamp {stamp} is too far from {now}")
        if not NONCE.fullmatch(nonce) or (stamp, nonce) in self.seen:
            raise Rejected("oauth_nonce is malformed or was used before")
        offered = given.get("oauth_signature", "")
        made = [signature(base_string(method, url, given), keys.consumer_secret, keys.token_secret) for url in urls]
        if not any(hmac.compare_digest(offered, one) for one in made):
            raise Rejected("oauth_signature does not match")
        self._remember(stamp, nonce)

    def _remember(self, stamp: str, nonce: str) -> None:
        self.seen[stamp, nonce] = None
        if len(self.seen) > NONCES_KEPT:
            for old in list(self.seen)[: NONCES_KEPT // 2]:
                del self.seen[old]

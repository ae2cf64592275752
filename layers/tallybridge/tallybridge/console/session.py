"""Who is signed in: kept in a signed cookie, with an end that nothing moves and one that moves with use."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from tallybridge.console.roles import BY_WORD, Role

LONGEST = timedelta(hours=10)
"""A session ends so long after the sign-in, whatever is done."""
IDLE = timedelta(minutes=60)
"""And so long after the last page."""
RENEWED_AFTER = timedelta(minutes=1)
"""A younger cookie is not made anew."""
ALGORITHM = "HS256"


@dataclass(frozen=True)
class Session:
    """A person's session: who, in which role, its id, and when it began and was used last."""

    person: str
    role: Role
    id: str
    began: datetime
    seen: datetime

    @classmethod
    def begin(cls, person: str, role: Role, now: datetime) -> Session:
        return cls(person, role, secrets.token_urlsafe(18), now, now)

    @property
    def ends(self) -> datetime:
        return self.began + LONGEST

    def is_over(self, now: datetime) -> bool:
        return now >= self.ends or now >= self.seen + IDLE

    def used(self, now: datetime) -> Session:
        return replace(self, seen=now)


class Sealer:
    """Signs what the browser keeps. Each purpose has a key of its own, so that nothing signed for one counts for another."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def _key(self, purpose: str) -> bytes:
        return hmac.new(self._secret, purpose.encode(), hashlib.sha256).digest()

    def seal(self, purpose: str, claims: dict[str, Any]) -> str:
        return str(jwt.encode({"alg": ALGORITHM}, claims, OctKey.import_key(self._key(purpose))))

    def open(self, purpose: str, text: str) -> dict[str, Any] | None:
        """What was sealed for this purpose; None for anything else."""
        try:
            return dict(jwt.decode(text, OctKey.import_key(self._key(purpose)), algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError):
            return None

    def csrf(self, session: Session) -> str:
        """The token that every form of a session carries."""
        return hmac.new(self._key("csrf"), session.id.encode(), hashlib.sha256).hexdigest()

    def is_csrf(self, session: Session, token: str) -> bool:
        return hmac.compare_digest(self.csrf(session).encode(), token.encode())

    # -- sessions ------------------------------------------------------------------------------------------------------

    def session_text(self, session: Session) -> str:
        began, seen = int(session.began.timestamp()), int(session.seen.timestamp())
        return self.seal("session", {"sub": session.person, "role": session.role.word, "sid": session.id, "began": began, "seen": seen})

    def session_in(self, text: str, now: datetime) -> Session | None:
        """The session that a cookie holds; None where it is forged, not complete, or over."""
        claims = self.open("session", text) if text else None
        if claims is None:
            return None
        try:
            began, seen = (datetime.fromtimestamp(int(claims[name]), now.tzinfo) for name in ("began", "seen"))
            session = Session(str(claims["sub"]), BY_WORD[claims["role"]], str(claims["sid"]), began, seen)
        except (KeyError, ValueError, TypeError, OverflowError):
            return None
        return None if session.is_over(now) else session

"""Hands a finished mail to Amazon SES, so that one address that it refuses does not keep the others from being told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tallybridge.addresses import is_mail_address

MAIL_FAILED = "MAIL-FAILED"
ADVICE = (
    "Check the address, and in Amazon SES whether the sender is verified, the account may send to everybody, and the address is not on "
    "the suppression list."
)
TRIES = 3
"""Of a call that SES did not answer, or asked to repeat."""
PAUSE_SECONDS = 2.0
"""Before the second try; twice as long before the third."""
LATER = 5
"""How often the state machines try a mail again that SES was too busy for, or did not answer to, after half an hour in all."""
MAX_REASON = 300
BUSY = ("Throttling", "TooManyRequests", "ServiceUnavailable", "InternalFailure", "InternalError", "RequestTimeout")
"""How the codes of answers begin that ask for another try."""
NOBODY = ("AccessDenied", "AccountSendingPaused", "MailFromDomainNotVerified", "ConfigurationSet", "InvalidClientTokenId", "SignatureDoes")
"""How the codes of answers begin that would be the same for every recipient."""
_ATOM = re.compile(r"[A-Za-z0-9-]+")


class Mailer(Protocol):
    """The SES client, as far as it is used."""

    def send_raw_email(self, **arguments: Any) -> Any: ...


@dataclass(frozen=True)
class Undelivered:
    """An address that was not mailed, and why, with the service's own code in front: "MessageRejected: Email address is not verified."
    `passing`: it may well be mailed later."""

    recipient: str
    reason: str
    passing: bool = False

    @property
    def text(self) -> str:
        return f"The report could not be mailed to {self.recipient}: {self.reason}"

    def to_json(self) -> dict[str, str]:
        return {"recipient": self.recipient, "reason": self.reason, "code": MAIL_FAILED}


@dataclass(frozen=True)
class Sent:
    """What SES made of a mail: who was not mailed, and the Message-ID that the others see, "" where it is not known."""

    undelivered: list[Undelivered]
    message_id: str = ""


def is_settled(undelivered: Sequence[Undelivered], tries: int) -> bool:
    """Whether nothing is left to be tried later, after so many tries before this one."""
    return tries >= LATER or not any(each.passing for each in undelivered)


def deliver(mailer: Mailer, *, sender: str, recipients: Sequence[str], message: bytes, sleep: Callable[[float], None]) -> Sent:
    """Mail to all recipients in one call, and one by one where SES refuses that. Answers who was not mailed; raises nothing.

    Without any answer the same call is tried again, and a mail may come twice: better than a failed run of which nobody hears.
    """
    good = [each for each in recipients if is_mail_address(each)]
    failed = [Undelivered(each, "it is not a mail address") for each in recipients if each not in good]
    send = _Call(mailer, sender, message, sleep)
    reason = send(good) if good else ""
    if not reason:
        return Sent(failed, send.message_id)
    for each in good:
        if send.may_fare_better and len(good) > 1:
            reason = send([each])
        failed += [Undelivered(each, reason, send.passing)] if reason else []
    return Sent(failed, send.message_id)


@dataclass
class _Call:
    """One mail to SES, as often as needed. `may_fare_better` says whether what went wrong last may concern some recipients only, `passing`
    whether the service may take it later."""

    mailer: Mailer
    sender: str
    message: bytes
    sleep: Callable[[float], None]
    may_fare_better: bool = True
    passing: bool = False
    message_id: str = ""

    def __call__(self, recipients: list[str]) -> str:
        """What went wrong at last, with SES's code in front; "" when the mail was taken."""
        reason, self.passing = "", False
        for attempt in range(TRIES):
            if attempt:
                self.sleep(PAUSE_SECONDS * attempt)
            try:
                answer = self.mailer.send_raw_email(Source=self.sender, Destinations=recipients, RawMessage={"Data": self.message})
                self.message_id = self.message_id or message_id_of(answer, self.mailer)
                return ""
            except Exception as failed:  # the last edge of a run: whatever SES says, the run has ended and its result stands
                error = dict(getattr(failed, "response", None) or {}).get("Error", {})
                code = str(error.get("Code") or type(failed).__name__)
                reason = f"{code}: {error.get('Message') or failed}"[:MAX_REASON]
                if error and not code.startswith(BUSY):
                    self.may_fare_better = not code.startswith(NOBODY)
                    return reason
        self.may_fare_better, self.passing = False, True
        return reason


def message_id_of(answer: Any, mailer: Mailer) -> str:
    """The Message-ID that SES gives a mail in place of its own, from the id in its answer; "" where it cannot be told. [A] The host is that
    of the region, as mails show it; where it were another, mails of an incident still share the incident's own id."""
    known = str(answer.get("MessageId") or "") if isinstance(answer, dict) else ""
    region = str(getattr(getattr(mailer, "meta", None), "region_name", None) or "")
    host = "email" if region == "us-east-1" else region
    return f"<{known}@{host}.amazonses.com>" if _ATOM.fullmatch(known) and _ATOM.fullmatch(host) else ""

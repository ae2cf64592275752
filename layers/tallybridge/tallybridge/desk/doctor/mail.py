"""Mail: whether somebody is told, and whether Amazon SES would let the deployment tell them: the account, the sender, each recipient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from tallybridge.desk.doctor.check import Check, State, named
from tallybridge.desk.exits import KNOWN_ERRORS, explained
from tallybridge.desk.target import Target
from tallybridge.settings import Settings

AREA = "Mail"
NEARLY = 0.8
"""Share of the day's quota from which on it is warned of."""


def checks(target: Target, settings: Settings) -> Iterator[Check]:
    """Recipients, account, sender, and what SES says of each recipient. Nothing is sent."""
    recipients = settings.notified
    if recipients:
        yield Check(AREA, "recipients", State.OK, named(recipients))
    else:
        yield Check(AREA, "recipients", State.WARN, "nobody is told about warnings and errors", "Set notify_recipients.")
    senders = list(dict.fromkeys(filter(None, (settings.notify_sender, target.variables.get("NOTIFICATION_SENDER", "")))))
    try:
        account = target.client("sesv2").get_account()
        yield from _account(account)
        if recipients:
            yield from _senders(target, senders)
            yield from _recipients(target, recipients, account)
    except KNOWN_ERRORS as failed:
        allowed = "ses:GetAccount, ses:GetEmailIdentity and ses:GetSuppressedDestination"
        advice = f"Allow this login {allowed}, or look in Amazon SES."
        yield Check(AREA, "Amazon SES", State.WARN, f"cannot be asked: {explained(failed).message}", advice)


def _account(account: dict[str, Any]) -> Iterator[Check]:
    """What is wrong with all mail of the account in this region; one line when nothing is."""
    found = list(_faults(account))
    yield from found
    if not found:
        yield Check(AREA, "account", State.OK, "Amazon SES sends, to everybody")


def _faults(account: dict[str, Any]) -> Iterator[Check]:
    if not account.get("SendingEnabled", True):
        advice = "Resume sending in Amazon SES (Account dashboard), or ask AWS Support why it was paused."
        yield Check(AREA, "sending", State.FAIL, "Amazon SES has paused sending for the account in this region", advice)
    status = account.get("EnforcementStatus", "HEALTHY")
    if status != "HEALTHY":
        text = "is under review for bounces or complaints" if status == "PROBATION" else f"may not send any more ({status})"
        advice = "See Reputation metrics in Amazon SES and answer the review that AWS has sent."
        yield Check(AREA, "reputation", State.WARN if status == "PROBATION" else State.FAIL, f"the account {text}", advice)
    if not account.get("ProductionAccessEnabled", True):
        advice = "Request production access in Amazon SES in this region; until then every recipient must be verified there."
        yield Check(AREA, "sandbox", State.WARN, "the account is in the sandbox of Amazon SES: only verified addresses get mail", advice)
    quota = account.get("SendQuota") or {}
    limit, sent = float(quota.get("Max24HourSend", -1)), float(quota.get("SentLast24Hours", 0))
    if limit >= 0 and sent >= limit * NEARLY:
        state, word = (State.FAIL, "used up") if sent >= limit else (State.WARN, "nearly used up")
        advice = "Request a higher sending quota in Amazon SES, or find out what else of the account sends so much."
        yield Check(AREA, "quota", state, f"the day's quota of {limit:,.0f} mails is {word}: {sent:,.0f} were sent", advice)


def _senders(target: Target, senders: Sequence[str]) -> Iterator[Check]:
    """Every sender that a run tries: that of the settings, then that of the deployment. One that works is enough."""
    good = [sender for sender in senders if _verified(target, sender)]
    for sender in senders:
        if sender in good:
            yield Check(AREA, "sender", State.OK, f"{sender} is verified in Amazon SES")
            continue
        text = f"neither {sender} nor its domain is verified in Amazon SES"
        advice = "Verify it in Amazon SES in this region, or set notify_sender to a verified address."
        yield Check(AREA, "sender", State.WARN if good else State.FAIL, text, advice)
    if not senders:
        yield Check(AREA, "sender", State.OK, "the address given at deployment")


def _verified(target: Target, address: str) -> bool:
    """Whether the address, or a domain that it belongs to, is verified for sending."""
    labels = address.partition("@")[2].split(".")
    names = [address, *(".".join(labels[n:]) for n in range(max(1, len(labels) - 1)))]
    return any(is_verified(target, name) for name in names)


def is_verified(target: Target, identity: str) -> bool:
    """Whether Amazon SES lets the account send from an identity, an address or a domain; it is asked by its second API, since the first
    does not know what was verified by domain keys alone."""
    try:
        return bool(target.client("sesv2").get_email_identity(EmailIdentity=identity).get("VerifiedForSendingStatus"))
    except ClientError as failed:
        if failed.response.get("Error", {}).get("Code") == "NotFoundException":
            return False
        raise


def _recipients(target: Target, recipients: Sequence[str], account: dict[str, Any]) -> Iterator[Check]:
    """Addresses that SES would not mail: on the account's suppression list, or not verified in the sandbox."""
    suppressed = [r for r in recipients if _suppressed(target, r)]
    if suppressed:
        advice = "Remove them from the suppression list in Amazon SES once they take mail again, or change notify_recipients."
        state = State.FAIL if len(suppressed) == len(recipients) else State.WARN
        yield Check(AREA, "suppression list", state, f"Amazon SES does not mail {named(suppressed)}: bounced or complained before", advice)
    if account.get("ProductionAccessEnabled", True):
        return
    strangers = [r for r in recipients if not _verified(target, r)]
    if strangers:
        state = State.FAIL if len(strangers) == len(recipients) else State.WARN
        advice = "Verify them in Amazon SES, or request production access."
        yield Check(AREA, "sandbox recipients", state, f"in the sandbox, {named(strangers)} cannot be mailed: not verified", advice)


def _suppressed(target: Target, address: str) -> bool:
    try:
        target.client("sesv2").get_suppressed_destination(EmailAddress=address)
    except ClientError as failed:
        if failed.response.get("Error", {}).get("Code") == "NotFoundException":
            return False
        raise
    return True

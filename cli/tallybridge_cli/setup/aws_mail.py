"""Mail: the sender's identity, its domain keys, the mail sandbox, and who is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tallybridge.addresses import is_mail_address
from tallybridge.desk.credentials import settings_so_far
from tallybridge.desk.doctor.check import Check, State
from tallybridge.desk.doctor.mail import is_verified
from tallybridge.desk.target import Target
from tallybridge.documents import read_object
from tallybridge.errors import ConfigurationError
from tallybridge.settings import Settings, parse_settings

AREA = "Mail"
DKIM = "{token}._domainkey.{domain}", "{token}.dkim.amazonses.com"


@dataclass
class Records:
    """CNAME rows that somebody has to publish: (name, value)."""

    rows: list[tuple[str, str]] = field(default_factory=list)


def identity(target: Target, name: str, records: Records) -> Check:
    """See to an identity, a domain or an address: made where it is not there, and how far it is. Raises `ConfigurationError` INPUT."""
    is_domain = "@" not in name
    if not is_mail_address(f"x@{name}" if is_domain else name):
        text = f'"{name}" is neither a domain nor a mail address.'
        raise ConfigurationError(text, place="--identity", code="INPUT", advice="Such as example.com or reports@example.com.")
    found = _made_or_found(target, name)
    if found.get("VerifiedForSendingStatus"):
        return Check(AREA, name, State.OK, "verified in Amazon SES: mail may be sent from it")
    if not is_domain:
        advice = f"Whoever reads {name} follows the link in the mail from AWS, within 24 hours; then call this again."
        return Check(AREA, name, State.WARN, "waits for its owner", advice)
    tokens = found.get("DkimAttributes", {}).get("Tokens", [])
    rows = [tuple(part.format(token=token, domain=name) for part in DKIM) for token in tokens]
    records.rows += [(row[0], row[1]) for row in rows]
    advice = "Publish the CNAME records below in the domain's DNS, then call this again; AWS looks for up to 72 hours."
    return Check(AREA, name, State.WARN, "waits for its DNS records", advice)


def _made_or_found(target: Target, name: str) -> dict[str, Any]:
    client = target.client("sesv2")
    try:
        return dict(client.get_email_identity(EmailIdentity=name))
    except ClientError as failed:
        if failed.response.get("Error", {}).get("Code") != "NotFoundException":
            raise
    try:
        client.create_email_identity(EmailIdentity=name)
    except ClientError as failed:  # somebody else was quicker
        if failed.response.get("Error", {}).get("Code") != "AlreadyExistsException":
            raise
    return dict(client.get_email_identity(EmailIdentity=name))


def account(target: Target, recipients: Sequence[str], pending: str = "") -> Iterator[Check]:
    """Whether the account may mail everybody; while it may not, each recipient is verified as an identity of its own, but for those of the
    domain `pending`, which is about to be verified."""
    found = target.client("sesv2").get_account()
    if found.get("ProductionAccessEnabled"):
        yield Check(AREA, "mail sandbox", State.OK, "left: everybody can be mailed")
        return
    review = found.get("Details", {}).get("ReviewDetails", {}).get("Status", "")
    said = {"PENDING": "; AWS Support has the request, and answers within a day", "DENIED": "; AWS Support has declined the request"}
    advice = "Verify the recipients, as below, or ask to leave it: --leave-mail-sandbox --website URL --use-case TEXT."
    yield Check(AREA, "mail sandbox", State.NOTE, f"only verified addresses are mailed{said.get(review, '')}", advice)
    for name in recipients:
        if name.partition("@")[2] != pending and not covered(target, name):
            yield identity(target, name, Records())


def covered(target: Target, address: str) -> bool:
    """Whether an address is verified by itself or by its domain."""
    return is_verified(target, address) or is_verified(target, address.partition("@")[2])


def leave_sandbox(target: Target, website: str, use_case: str) -> Check:
    """Ask AWS Support for production access; the person has agreed. Raises `ConfigurationError` INPUT."""
    if not website.startswith(("https://", "http://")) or len(use_case.strip()) < 20:
        text = "AWS Support wants to know a website, and what is mailed to whom, in a sentence or two."
        advice = 'Give --website https://your-company and --use-case "Reports of nightly syncs to our own finance staff, ...".'
        raise ConfigurationError(text, place="--leave-mail-sandbox", code="INPUT", advice=advice)
    asked = {"MailType": "TRANSACTIONAL", "WebsiteURL": website, "UseCaseDescription": use_case, "ProductionAccessEnabled": True}
    try:
        target.client("sesv2").put_account_details(**asked)
    except ClientError as failed:
        if failed.response.get("Error", {}).get("Code") != "ConflictException":
            raise
        return Check(AREA, "request", State.NOTE, "there is one already, which AWS Support has not answered yet")
    return Check(AREA, "request", State.OK, "sent; AWS Support answers within a day, by mail to the account's owner")


def save_recipients(target: Target, recipients: Sequence[str], who: str) -> Check:
    """Make these the people who are told, in the settings; all else in them stays. Raises `ConfigurationError`."""
    before = next(iter(target.configuration().documents()), "{}")
    document = {**read_object(before), "notify_recipients": list(recipients)}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    parse_settings(text)
    if settings_so_far(target).notify_recipients == list(recipients):
        return Check(AREA, "recipients", State.OK, f"{', '.join(recipients)}: as before")
    made = target.configuration().save_version(text, who, "recipients of mails")
    return Check(AREA, "recipients", State.OK, f"{', '.join(recipients)}: saved as version {made.number} of the settings")


def told(target: Target) -> Check:
    """Who is told of runs, by the settings."""
    settings = settings_so_far(target)
    if settings.notified:
        return Check(AREA, "recipients", State.OK, ", ".join(settings.notified))
    return Check(
        AREA, "recipients", State.WARN, "nobody is told of runs", "Name somebody: --recipient ADDRESS, as often as there are people."
    )


def sender_of(target: Target, settings: Settings) -> str:
    """The address that mails come from."""
    return settings.notify_sender or target.variables.get("NOTIFICATION_SENDER", "")

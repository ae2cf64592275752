"""What moto's SES does not know: the account, its suppression list, and identities that somebody has to prove (SES API v2).

An identity that is created by `CreateEmailIdentity` is verified once its owner has done something: published the three CNAME records of a
domain (`MailAccount.records`), or followed the link in the mail that an address has got (`MailAccount.clicked`). SES looks for the records
when it is asked; in AWS that takes up to 72 hours. An identity that is made by the older `VerifyEmailIdentity` is verified at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import moto.sesv2.urls as urls
from moto.ses.models import EmailIdentity, SESBackend
from moto.sesv2.responses import SESV2Response

from sandbox.aws.patch import put

HEALTHY: dict[str, Any] = {
    "DedicatedIpAutoWarmupEnabled": False,
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0},
    "SendingEnabled": True,
    "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
}
"""An account with production access."""
NEW: dict[str, Any] = {
    "ProductionAccessEnabled": False,
    "SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 0.0},
}
"""What differs in an account that nobody has asked anything for: it is in the sandbox of SES."""
TOKENS = 3


class MailAccount:
    """The account's mail, for all regions: what `GetAccount` answers, who is suppressed (address -> BOUNCE or COMPLAINT), the CNAME records
    of the world (name -> value), and the addresses whose owner has followed the link."""

    account: dict[str, Any] = dict(HEALTHY)
    suppressed: dict[str, str] = {}
    records: dict[str, str] = {}
    clicked: set[str] = set()

    @classmethod
    def reset(cls, **account: Any) -> None:
        """A healthy account but for what is given; nobody is suppressed, nothing is published."""
        cls.account, cls.suppressed, cls.records, cls.clicked = {**HEALTHY, **account}, {}, {}, set()

    @classmethod
    def answer_request(cls, *, granted: bool) -> bool:
        """What AWS Support says to a request for production access; False where nobody has asked."""
        review = cls.account.get("Details", {}).get("ReviewDetails", {})
        if review.get("Status") != "PENDING":
            return False
        review["Status"] = "GRANTED" if granted else "DENIED"
        cls.account["ProductionAccessEnabled"] = granted
        if granted:
            cls.account["SendQuota"] = dict(HEALTHY["SendQuota"])
        return True


def tokens(domain: str) -> list[str]:
    """The three tokens of a domain; each is the beginning of a record's name."""
    return [hashlib.sha256(f"{domain} {n}".encode()).hexdigest()[:32] for n in range(TOKENS)]


def records_of(domain: str) -> dict[str, str]:
    """The CNAME records by which a domain is proved."""
    return {f"{token}._domainkey.{domain}": f"{token}.dkim.amazonses.com" for token in tokens(domain)}


def is_proved(identity: EmailIdentity) -> bool:
    """Whether an identity may be mailed from; found out when it is asked."""
    name = identity.email_identity
    if identity.identity_type == "DOMAIN":
        found = all(MailAccount.records.get(record) == value for record, value in records_of(name).items())
    else:
        found = name in MailAccount.clicked
    identity.verified_for_sending_status = identity.verified_for_sending_status or found
    return bool(identity.verified_for_sending_status)


def the_mail_account_can_be_asked() -> None:
    """moto does not know the calls about account and suppression list, and takes every identity for verified."""
    urls.url_paths["{0}/v2/email/account$"] = SESV2Response.dispatch
    urls.url_paths["{0}/v2/email/account/details$"] = SESV2Response.dispatch
    urls.url_paths["{0}/v2/email/suppression/addresses/(?P<EmailAddress>[^/]+)$"] = SESV2Response.dispatch
    for answer in (get_account, put_account_details, get_suppressed_destination):
        setattr(SESV2Response, answer.__name__, answer)
    put(SESV2Response, "create_email_identity", create_email_identity)
    put(SESV2Response, "get_email_identity", get_email_identity)
    put(SESBackend, "_is_verified_address", _is_verified_address)
    put(SESBackend, "get_identity_verification_attributes", _verification_attributes)
    for name in ("verify_email_identity", "verify_email_address", "verify_domain"):
        put(SESBackend, name, _verified_at_once(getattr(SESBackend, name)))


def get_account(self: SESV2Response) -> str:
    return json.dumps(MailAccount.account)


def put_account_details(self: SESV2Response) -> Any:
    """Asks for production access; AWS Support answers within a day."""
    kind, website, use = (str(self._get_param(name) or "") for name in ("MailType", "WebsiteURL", "UseCaseDescription"))
    if kind not in ("MARKETING", "TRANSACTIONAL") or not urlsplit(website).netloc:
        return _error(400, "BadRequestException", "MailType and WebsiteURL are required; the website must be an address.")
    if MailAccount.account.get("Details", {}).get("ReviewDetails", {}).get("Status") == "PENDING":
        return _error(409, "ConflictException", "There is an open request for this account.")
    review = {"Status": "PENDING", "CaseId": "sandbox-case-1"}
    MailAccount.account["Details"] = {"MailType": kind, "WebsiteURL": website, "UseCaseDescription": use, "ReviewDetails": review}
    return json.dumps({})


def get_suppressed_destination(self: SESV2Response) -> Any:
    address = str(self._get_param("EmailAddress"))
    reason = MailAccount.suppressed.get(address)
    if reason is None:
        return _error(404, "NotFoundException", f"Email address {address} does not exist on your suppression list.")
    return json.dumps({"SuppressedDestination": {"EmailAddress": address, "Reason": reason, "LastUpdateTime": 0}})


def create_email_identity(self: SESV2Response) -> Any:
    name, backend = str(self._get_param("EmailIdentity")), self.sesv2_backend.core_backend
    if name in backend.email_identities:
        return _error(400, "AlreadyExistsException", f"Email identity {name} already exist.")
    return json.dumps(_told(backend.create_email_identity_v2(name, None, None, None)))


def get_email_identity(self: SESV2Response) -> Any:
    name = str(self._get_param("EmailIdentity"))
    identity = self.sesv2_backend.core_backend.email_identities.get(name)
    if identity is None:
        return _error(404, "NotFoundException", f"Email identity {name} does not exist.")
    return json.dumps({**_told(identity), "VerificationStatus": "SUCCESS" if is_proved(identity) else "PENDING", "Policies": {}})


def _told(identity: EmailIdentity) -> dict[str, Any]:
    proved, domain = is_proved(identity), identity.identity_type == "DOMAIN"
    dkim: dict[str, Any] = {"SigningEnabled": domain, "Status": ("SUCCESS" if proved else "PENDING") if domain else "NOT_STARTED"}
    if domain:
        dkim |= {"Tokens": tokens(identity.email_identity), "SigningAttributesOrigin": "AWS_SES"}
    return {"IdentityType": identity.identity_type, "VerifiedForSendingStatus": proved, "DkimAttributes": dkim}


def _is_verified_address(self: Any, source: str) -> bool:
    """An address is verified by itself, or by a domain that it belongs to."""
    address = source.rpartition("<")[2].rstrip(">").strip()
    labels = address.rpartition("@")[2].split(".")
    names = [address, *(".".join(labels[n:]) for n in range(len(labels)))]
    return any(name in self.email_identities and is_proved(self.email_identities[name]) for name in names)


def _verification_attributes(self: Any, identities: list[str] | None = None) -> dict[str, dict[str, str]]:
    known = [self.email_identities[name] for name in identities or () if name in self.email_identities]
    return {each.email_identity: {"VerificationStatus": "Success" if is_proved(each) else "Pending"} for each in known}


def _verified_at_once(before: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    def verify(self: Any, name: str) -> None:
        before(self, name)
        for identity in self.email_identities.values():
            if identity.email_identity in (name, name.lower()):
                identity.verified_for_sending_status = True

    return verify


def _error(status: int, code: str, message: str) -> tuple[int, dict[str, Any], str]:
    return status, {"status": status, "x-amzn-errortype": code}, json.dumps({"message": message})

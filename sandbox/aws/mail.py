"""What moto's SES cannot be asked: the state of the account, and its suppression list (SES API v2)."""

from __future__ import annotations

import json
from typing import Any

import moto.sesv2.urls as urls
from moto.sesv2.responses import SESV2Response

HEALTHY: dict[str, Any] = {
    "DedicatedIpAutoWarmupEnabled": False,
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0},
    "SendingEnabled": True,
    "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
}
"""An account with production access."""


class MailAccount:
    """The account's mail, for all regions: what `GetAccount` answers, and who is suppressed (address -> BOUNCE or COMPLAINT)."""

    account: dict[str, Any] = dict(HEALTHY)
    suppressed: dict[str, str] = {}

    @classmethod
    def reset(cls, **account: Any) -> None:
        """A healthy account but for what is given; nobody is suppressed."""
        cls.account, cls.suppressed = {**HEALTHY, **account}, {}


def the_mail_account_can_be_asked() -> None:
    """moto does not know the two calls."""

    def get_account(self: SESV2Response) -> str:
        return json.dumps(MailAccount.account)

    def get_suppressed_destination(self: SESV2Response) -> Any:
        address = str(self._get_param("EmailAddress"))
        reason = MailAccount.suppressed.get(address)
        if reason is None:
            text = f"Email address {address} does not exist on your suppression list."
            return 404, {"status": 404, "x-amzn-errortype": "NotFoundException"}, json.dumps({"message": text})
        return json.dumps({"SuppressedDestination": {"EmailAddress": address, "Reason": reason, "LastUpdateTime": 0}})

    urls.url_paths["{0}/v2/email/account$"] = SESV2Response.dispatch
    urls.url_paths["{0}/v2/email/suppression/addresses/(?P<EmailAddress>[^/]+)$"] = SESV2Response.dispatch
    SESV2Response.get_account = get_account  # type: ignore[attr-defined]
    SESV2Response.get_suppressed_destination = get_suppressed_destination  # type: ignore[attr-defined]

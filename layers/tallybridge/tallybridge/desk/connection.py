"""Which Zuora tenant and which NetSuite account an installation connects, and whether they are real ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from tallybridge.desk.target import Target
from tallybridge.errors import TallybridgeError
from tallybridge.sync.runs import MODES

PRODUCTION, SANDBOX, MIXED, UNKNOWN = "PRODUCTION", "SANDBOX", "MIXED", "NOT SET UP"
PRODUCTION_HOSTS = frozenset({"rest.zuora.com", "rest.na.zuora.com", "rest.eu.zuora.com", "rest.ap.zuora.com"})
"""REST hosts of Zuora's production data centres (api-zuora-billing.md section 1); every other is for tests."""
_TEST_ACCOUNT = re.compile(r".*[_-](SB|RP)[0-9]*$|^TSTDRV.*", re.IGNORECASE)
"""NetSuite account ids of sandboxes, release previews and test drives."""


@dataclass(frozen=True)
class Connection:
    """`tenant` is the host of the Zuora tenant, `account` the NetSuite account id, "" where it is not known; `mode` the tenant mode in
    words, "" before the first run; `environment` PRODUCTION or SANDBOX where both are the same, MIXED where they are not."""

    tenant: str
    account: str
    mode: str
    environment: str


def connection(target: Target) -> Connection:
    """What the next run will connect: settings prevail over the secret, of which nothing but addresses is told."""
    bound = target.runs.bound()
    try:
        given, settings = target.credentials(), target.settings()
    except TallybridgeError:
        account = bound.get("netsuite_account", "")
        return Connection("", account, MODES.get(bound.get("tenant_mode", ""), ""), UNKNOWN)
    tenant = urlsplit(settings.zuora_base_url or given["zuora"].get("base_url", "")).netloc
    account = settings.netsuite_account_id or given["netsuite"].get("account_id", "")
    return Connection(tenant, account, MODES.get(bound.get("tenant_mode", ""), ""), environment(tenant, account))


def environment(tenant: str, account: str) -> str:
    """PRODUCTION, SANDBOX, MIXED, or NOT SET UP where one of them is not known."""
    if not tenant or not account:
        return UNKNOWN
    real = {tenant in PRODUCTION_HOSTS, not is_test_account(account)}
    return MIXED if len(real) == 2 else PRODUCTION if True in real else SANDBOX


def is_test_account(account: str) -> bool:
    """Whether a NetSuite account id is that of a sandbox, a release preview or a test drive."""
    return bool(_TEST_ACCOUNT.fullmatch(account))


def described(target: Target) -> str:
    """The connection in a line, such as "SANDBOX, Zuora rest.test.zuora.com, NetSuite 1234567_SB1", or that this login may not see it."""
    try:
        now = connection(target)
    except (ClientError, BotoCoreError):
        return "what it connects cannot be seen with this login"
    parties = [f"{name} {what}" for name, what in (("Zuora", now.tenant), ("NetSuite", now.account)) if what]
    return ", ".join([now.environment, *parties])

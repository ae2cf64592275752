"""How a stand-in account is set up, and the credentials it accepts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.netsuite.dataset_options import DatasetOptions
from sandbox.netsuite.habits import Habits


def _made_up(name: str) -> str:
    """A fixed credential of the length and alphabet that NetSuite hands out."""
    return hashlib.sha256(f"sandbox {name}".encode()).hexdigest()


@dataclass
class NetSuiteOptions:
    """Features and preferences of the account, its credentials, and the clock it lives by."""

    account: str = "1234567_SB1"
    """The account id, also the realm of token-based authentication."""
    client_id: str = _made_up("client")
    """OAuth 2.0: the integration record's client id."""
    certificate_id: str = "sandbox-certificate-1"
    """OAuth 2.0: the key id of assertions."""
    certificate_public_key: str = ""
    """OAuth 2.0: the public key as PEM text; without one no assertion is taken."""
    consumer_key: str = _made_up("consumer key")
    """Token-based authentication."""
    consumer_secret: str = _made_up("consumer secret")
    """Token-based authentication."""
    token_id: str = _made_up("token id")
    """Token-based authentication."""
    token_secret: str = _made_up("token secret")
    """Token-based authentication."""
    token_life_s: int = 3600
    """Life of an access token."""
    token_calls_per_minute: int = 100
    """Calls of the token endpoint in a minute before it says 429; 0: no limit **[A]**."""
    slots: int = 5
    """Calls answered at the same time before the account says 429; 0: no limit."""
    refund_flag: str = "bodyothertransaction"
    """Which flag of a deployed body field puts it on customer refunds: this one or `bodycustomerpayment` **[A]**."""
    bare: bool = False
    """Nothing has been set up: no custom field, list, role, integration record or certificate; every call is refused until there is."""
    certificate_endpoint: bool = True
    """Clients may list, set up and revoke their own certificates; off: 403 **[A]**."""
    certificate_answer: bool = False
    """Setting up a certificate is answered with it; off: without a body, so that the list must be asked **[A]**."""
    denied: tuple[str, ...] = ()
    """Record types for which the role lacks the permission (403)."""
    one_world: bool = True
    """Feature: subsidiaries; off: their properties and table are gone."""
    multiple_currencies: bool = True
    """Feature: currencies; off: their properties are gone. On: a document's currency is one that the customer has."""
    revenue_recognition: bool = True
    """Feature: classic revenue recognition, with templates, dates and deferral on items and lines."""
    payment_instruments: bool = True
    """Feature: payments have `paymentOption`; off: `paymentMethod`."""
    allow_number_override: bool = False
    """Entity ids and document numbers may be given; off: given ones are ignored, except of what is loaded."""
    date_outside_period: bool = False
    """Preference *Allow Transaction Date Outside of the Posting Period*; off: a posting period that does not hold the date is refused, and
    so is a date in a closed period."""
    default_posting_period: Literal["first open", "current"] = "first open"
    """Preference *Default Posting Period When Transaction Date in Closed Period*: where such a document goes without a word when it names
    no posting period and `date_outside_period` is on."""
    non_gl_changes: bool = False
    """The role may make non-G/L changes in closed periods whose *Allow Non-G/L Changes* is ticked; off: nothing of a closed period can be
    changed."""
    contact_formats: bool = True
    """Mail addresses and telephone numbers (seven digits) are checked."""
    text_lengths: Mapping[str, int] = field(default_factory=dict)
    """This account's own lengths by property name; else phone and fax 32, state 30, city 50 and so on, as published or reported."""
    describes_lengths: bool = True
    """The metadata catalogue tells `maxLength`; off: it says nothing."""
    default_income_account: bool = True
    """Items without `incomeAccount` get the first income account."""
    async_wait_s: float = 0.0
    """How long a job waits before a processor takes it."""
    async_item_s: float = 0.0
    """How long a processor works on a task. What the task does is done when this is over."""
    async_life_s: float = 86_400.0
    """How long a completed job can be asked about **[A]**."""
    async_fails_every: int = 0
    """Every so many tasks one ends with `UNEXPECTED_ERROR` and writes nothing; 0: none."""
    processors: int = 2
    """Processors of asynchronous jobs, which all jobs share; 0: jobs are stuck until there is one."""
    task_per_item: bool = False
    """A job lists one item per task, as some clients expect; off: one item whose `links` name all tasks, as the vendor's sample has it."""
    deleted_records: bool = True
    """The role has the permission *Deleted Records*; without it the table `deletedrecord` is unknown to it."""
    time_zone: str = "America/Los_Angeles"
    """The account's time zone (IANA name): queries show and compare times in it, and "today" is its day. REST records tell UTC."""
    tax_model: Literal["legacy", "vat", "suitetax"] = "legacy"
    """The tax fields that records have: `legacy` (edition of the United States, with `isTaxable`), `vat` (legacy taxes elsewhere: the
    line's `taxCode` alone decides), `suitetax`. An account has one kind; fields of the others are unknown properties."""
    datasets: DatasetOptions = field(default_factory=DatasetOptions)
    """Features and preferences of the dataset service."""
    habits: Habits = field(default_factory=Habits)
    """What NetSuite publishes nothing about."""
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    """The account's clock."""

    def local(self, moment: datetime) -> datetime:
        """A moment as the account's clock shows it, without its zone."""
        return moment.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)

    @property
    def host(self) -> str:
        """The account's own host name: lower case, `-` for `_`."""
        return f"{self.account.lower().replace('_', '-')}.suitetalk.api.netsuite.com"


def new_key_pair() -> tuple[str, str]:
    """A P-256 key pair as PEM text: (private key, public key)."""
    private = ec.generate_private_key(ec.SECP256R1())
    private_pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public_pem = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return private_pem, public_pem

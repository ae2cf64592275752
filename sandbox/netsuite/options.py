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
    """Features and preferences of the account, its credentials, and the clock it lives by.

    `slots`: calls answered at the same time before the account says 429; 0 means no limit.
    `bare`: nothing has been set up: no custom field, list, role, integration record or certificate; every call is refused until there is.
    `refund_flag`: the flag that puts a deployed body field on customer refunds, `bodycustomerpayment` or `bodyothertransaction`.
    `certificate_endpoint`: clients may look after their own certificates; off: that is refused. `certificate_answer`: setting one up is
    answered with it; off: the answer has no body, and the list must be asked.
    `denied`: record types for which the role lacks the permission; using them is answered with 403.
    `revenue_recognition`: the classic feature (templates on items and lines).
    `payment_instruments`: payments have `paymentOption`; without the feature they have `paymentMethod`.
    `allow_number_override`: entity ids and document numbers may be given; otherwise given ones are ignored and numbers generated, except
    of what is loaded.
    `date_outside_period`: the preference Allow Transaction Date Outside of the Posting Period; off: a document whose posting period does
    not hold its date is refused.
    `non_gl_changes`: the role has the permission Allow Non G/L Changes; with it, and with Allow Non-G/L Changes on the period, what posts
    nothing can be changed in closed periods.
    `contact_formats`: mail addresses and telephone numbers are checked. `text_lengths`: this account's own lengths by property name.
    `describes_lengths`: the metadata catalogue tells the lengths of texts.
    `default_income_account`: items created without an income account get the account's default one.
    `async_wait_s`, `async_item_s`, `processors`: an asynchronous job is reported complete after the wait plus the time of its items
    shared out to the processors. `task_per_item`: a job lists one task per item; otherwise one item whose links name the tasks.
    `deleted_records`: the role has the permission *Deleted Records*; without it the table of deleted records is unknown to it.
    `time_zone`: the account's time zone by its IANA name, in which queries show and compare times; REST records tell UTC.
    `tax_model`: the tax fields that records have: those of legacy taxes in the edition of the United States (`isTaxable`) or in one with
    VAT (the line's code alone decides), or those of SuiteTax; an account has one kind.
    `datasets`: features and preferences of the dataset service. `habits`: what NetSuite publishes nothing about.
    """

    account: str = "1234567_SB1"
    client_id: str = _made_up("client")
    certificate_id: str = "sandbox-certificate-1"
    certificate_public_key: str = ""
    consumer_key: str = _made_up("consumer key")
    consumer_secret: str = _made_up("consumer secret")
    token_id: str = _made_up("token id")
    token_secret: str = _made_up("token secret")
    token_life_s: int = 3600
    slots: int = 5
    refund_flag: str = "bodyothertransaction"
    bare: bool = False
    certificate_endpoint: bool = True
    certificate_answer: bool = False
    denied: tuple[str, ...] = ()
    one_world: bool = True
    multiple_currencies: bool = True
    revenue_recognition: bool = True
    payment_instruments: bool = True
    allow_number_override: bool = False
    date_outside_period: bool = False
    non_gl_changes: bool = False
    contact_formats: bool = True
    text_lengths: Mapping[str, int] = field(default_factory=dict)
    describes_lengths: bool = True
    default_income_account: bool = True
    async_wait_s: float = 0.0
    async_item_s: float = 0.0
    processors: int = 2
    task_per_item: bool = True
    deleted_records: bool = True
    time_zone: str = "America/Los_Angeles"
    tax_model: Literal["legacy", "vat", "suitetax"] = "legacy"
    datasets: DatasetOptions = field(default_factory=DatasetOptions)
    habits: Habits = field(default_factory=Habits)
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

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

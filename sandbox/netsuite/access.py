"""Who may log in, and what they may do: integration records, roles, users, and certificates mapped to them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.netsuite.options import NetSuiteOptions

LEVELS = ("NONE", "VIEW", "CREATE", "EDIT", "FULL")
"""Levels of a permission, each of which includes those before."""
LOG_IN, REST = "ADMI_LOGIN_OAUTH2", "ADMI_RESTWEBSERVICES"
OWN_CERTIFICATES = "Manage own OAuth 2.0 Client Credentials certificates"
"""A permission whose key no list names [A]: it can be given to a role in the screens alone."""
ALL_CERTIFICATES = "ADMI_MANAGE_OAUTH2"
LONGEST = timedelta(days=731)
"""Two years: certificates that live longer are cut."""
RSA_SIZES = (3072, 4096)
CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
BOOKS = {"RECEIVABLES": "", "INVENTORY": "", "SUBSIDIARIES": "one_world"}
"""Features that the account has from the start, and the option without which it has not."""
SUITECLOUD = {
    "RESTWEBSERVICES",
    "OAUTH2",
    "SUITECLOUDDEVELOPMENTFRAMEWORK",
    "CUSTOMRECORDS",
    "ITEMOPTIONS",
    "SUITEANALYTICSWORKBOOK",
}
"""Features that somebody has to enable."""
ADMINISTRATOR, FIRST_ROLE, USER, FIRST_APPLICATION = 3, 1001, 1, 101


class Refusal(ValueError):
    """What a screen or an endpoint says no to; the text is for the person."""


@dataclass
class Role:
    """A role; `permissions` by key with their level. The administrator's holds everything."""

    id: int
    script_id: str
    name: str
    permissions: dict[str, str] = field(default_factory=dict)
    administrator: bool = False

    def may(self, key: str, level: str = "VIEW") -> bool:
        """Whether the role holds a permission at a level or above."""
        return self.administrator or LEVELS.index(self.permissions.get(key, "NONE")) >= LEVELS.index(level)


@dataclass(frozen=True)
class Integration:
    """An integration record. `machine` and `scope`: *Client Credentials (Machine to Machine) Grant* and *REST Web Services* are ticked."""

    id: int
    name: str
    client_id: str
    machine: bool = True
    scope: bool = True

    @property
    def application_id(self) -> str:
        letters = hashlib.sha256(f"application {self.client_id}".encode()).hexdigest().upper()
        return "-".join((letters[:8], letters[8:12], letters[12:16], letters[16:20], letters[20:32]))


@dataclass
class User:
    """An entity with access, and the ids of its roles."""

    id: int
    name: str
    roles: set[int] = field(default_factory=set)


@dataclass
class Certificate:
    """A certificate mapped to integration, role and user. `fingerprint` tells one from another."""

    id: str
    client_id: str
    role: int
    entity: int
    public_key: str
    algorithm: str
    created: date
    valid_from: date
    valid_until: date
    fingerprint: str = ""
    revoked: bool = False

    def is_good(self, today: date) -> bool:
        return not self.revoked and self.valid_from <= today <= self.valid_until


class Access:
    """The account's integration records, roles, users and certificates. Raises `Refusal` where a screen would say no."""

    def __init__(self, options: NetSuiteOptions) -> None:
        self.options = options
        self.reset()

    def reset(self) -> None:
        """Back to a new account: with the credentials of the options, or bare."""
        o = self.options
        self.roles = {ADMINISTRATOR: Role(ADMINISTRATOR, "administrator", "Administrator", administrator=True)}
        self.users: dict[int, User] = {}
        self.integrations: dict[str, Integration] = {}
        self.uploaded: list[Certificate] = []
        self.features = {name for name, off in BOOKS.items() if not (off and not getattr(o, off))}
        self.first_is_revoked = False
        self.start = o.clock().date()
        if not o.bare:
            self.features |= SUITECLOUD
            self.users[USER] = User(USER, "Integration User", {ADMINISTRATOR})
            self.integrations[o.client_id] = Integration(FIRST_APPLICATION, "Tallybridge", o.client_id)

    # what is there

    def certificates(self) -> Iterator[Certificate]:
        """All of them: the one of the options, which is as old as the account, and what was uploaded."""
        o = self.options
        if o.certificate_public_key and not o.bare:
            end = self.start + LONGEST
            first = Certificate(
                o.certificate_id, o.client_id, ADMINISTRATOR, USER, o.certificate_public_key, "ES256", self.start, self.start, end
            )
            first.revoked = self.first_is_revoked
            yield first
        yield from self.uploaded

    def certificate(self, identifier: str) -> Certificate | None:
        return next((c for c in self.certificates() if c.id == identifier), None)

    def today(self) -> date:
        return self.options.clock().date()

    # what people do

    def add_integration(self, name: str) -> Integration:
        """Make an integration record; its client id is shown once."""
        if any(known.name == name for known in self.integrations.values()):
            raise Refusal(f'There is an integration record named "{name}" already.')
        number = FIRST_APPLICATION + len(self.integrations)
        client_id = hashlib.sha256(f"{self.options.account} integration {number}".encode()).hexdigest()
        made = Integration(number, name, client_id)
        self.integrations[client_id] = made
        return made

    def add_user(self, name: str) -> User:
        """Make an employee with access."""
        if any(known.name == name for known in self.users.values()):
            raise Refusal(f'There is a user named "{name}" already.')
        made = User(USER + len(self.users), name)
        self.users[made.id] = made
        return made

    def add_role(self, script_id: str, name: str, permissions: dict[str, str]) -> Role:
        """Make a role, or write the one with this script id anew; permissions that were added by hand stay [A11]."""
        known = self.role_of(script_id)
        if known is None:
            known = Role(FIRST_ROLE + len(self.roles) - 1, script_id, name)
            self.roles[known.id] = known
        known.name = name
        known.permissions.update(permissions)
        return known

    def role_of(self, name: str) -> Role | None:
        """A role by its script id or its name."""
        return next((r for r in self.roles.values() if name in (r.script_id, r.name)), None)

    def user_of(self, name: str) -> User | None:
        return next((u for u in self.users.values() if u.name == name), None)

    def map(self, client_id: str, role: int, entity: int, pem: str) -> Certificate:
        """Map a certificate to an integration record, a role and a user."""
        integration, user, held = self.integrations.get(client_id), self.users.get(entity), self.roles.get(role)
        if integration is None or not integration.machine:
            raise Refusal("The integration record does not exist or does not allow Client Credentials (Machine to Machine) Grant.")
        if user is None or held is None or role not in user.roles:
            raise Refusal("The entity does not have this role.")
        if not held.may(LOG_IN):
            raise Refusal("The role lacks the permission Log in using OAuth 2.0 Access Tokens.")
        made = _read(pem, self.today())
        made.client_id, made.role, made.entity = client_id, role, entity
        made.id = _identifier(self.options.account, client_id, made.fingerprint)
        if any(c.fingerprint == made.fingerprint for c in self.uploaded):
            raise Refusal("The certificate is in use already. Use a different certificate for each combination.")
        self.uploaded.append(made)
        return made

    def revoke(self, certificate: Certificate) -> None:
        """End a certificate."""
        if certificate.revoked:
            raise Refusal("The certificate is revoked already.")
        if certificate.id == self.options.certificate_id:
            self.first_is_revoked = True
        certificate.revoked = True


def _identifier(*parts: str) -> str:
    """A certificate id: 43 letters, not to be known from the certificate alone."""
    return base64.urlsafe_b64encode(hashlib.sha256("|".join(parts).encode()).digest()).decode().rstrip("=")


def _read(pem: str, today: date) -> Certificate:
    """A certificate from its file, cut to two years; an expired one and one with another kind of key are refused."""
    try:
        given = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise Refusal("The file is not a valid X.509 certificate.") from None
    key = given.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        algorithm = CURVES[key.curve.name]
    elif isinstance(key, rsa.RSAPublicKey) and key.key_size in RSA_SIZES:
        algorithm = "PS256"
    else:
        raise Refusal("The key of the certificate must be RSA with 3072 or 4096 bits, or EC with 256, 384 or 521 bits.")
    first, last = given.not_valid_before_utc.date(), given.not_valid_after_utc.date()
    if not first <= today <= last:
        raise Refusal("The certificate is not valid today.")
    public = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    fingerprint = hashlib.sha256(given.public_bytes(serialization.Encoding.DER)).hexdigest()
    return Certificate("", "", 0, 0, public, algorithm, today, first, min(last, first + LONGEST), fingerprint)

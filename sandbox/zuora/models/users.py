"""Who may call: roles with permissions, users with roles, OAuth clients of users (provisioning.md section 3.3)."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from hmac import compare_digest

from sandbox.zuora.models.rights import PERMISSIONS
from sandbox.zuora.options import ZuoraOptions

CATEGORIES = ("Platform", "Billing", "Payments", "Finance", "Reporting")
ADMINISTRATOR = "administrator"
INSTALLED = "tallybridge"


class NotKnown(ValueError):
    """Something by that name does not exist, or exists already; the text says which."""


@dataclass(frozen=True)
class Role:
    """A role of one kind, as a person makes it under Manage User Roles."""

    id: str
    name: str
    category: str
    permissions: frozenset[str]


@dataclass
class User:
    """A user with at most one role of each kind. `everything`: an administrator of the whole tenant."""

    name: str
    roles: dict[str, Role] = field(default_factory=dict)
    everything: bool = False

    def may(self, permission: str) -> bool:
        return self.everything or any(permission in role.permissions for role in self.roles.values())


@dataclass(frozen=True)
class Client:
    """An OAuth client; what it may do is what its user may do at that time."""

    id: str
    secret: str = field(repr=False)
    user: User = field(compare=False)

    def secret_is(self, text: str) -> bool:
        return compare_digest(text.encode(), self.secret.encode())


class Users:
    """Roles, users and clients of the tenant. A bare one has its administrator alone."""

    def __init__(self, options: ZuoraOptions) -> None:
        self.roles: dict[str, Role] = {}
        self.users = {ADMINISTRATOR: User(ADMINISTRATOR, everything=True)}
        self.clients: dict[str, Client] = {}
        self._keep(Client(options.admin_client_id, options.admin_client_secret, self.users[ADMINISTRATOR]))
        if not options.bare:
            self.users[INSTALLED] = User(INSTALLED, everything=True)
            self._keep(Client(options.client_id, options.client_secret, self.users[INSTALLED]))

    def client(self, client_id: str) -> Client | None:
        return self.clients.get(client_id)

    def make_role(self, name: str, permissions: dict[str, list[str]]) -> list[Role]:
        """Roles of one name, one of each kind that is given permissions; one that is there takes the new ones. Raises `NotKnown`."""
        for category, names in permissions.items():
            if category not in PERMISSIONS:
                raise NotKnown(f"There are no {category} roles; there are {', '.join(CATEGORIES)}.")
            if unknown := sorted(set(names) - set(PERMISSIONS[category])):
                raise NotKnown(f"{category} roles have no permission {unknown[0]!r}.")
        made = []
        for category, names in permissions.items():
            known = self.roles.get(f"{category} {name}")
            role = Role(known.id if known else uuid.uuid4().hex, name, category, frozenset(names))
            self.roles[f"{category} {name}"] = role
            made.append(role)
            for user in self.users.values():
                if category in user.roles and user.roles[category].id == role.id:
                    user.roles[category] = role
        return made

    def make_user(self, name: str, role: str) -> User:
        """A user with the roles of that name. Raises `NotKnown`."""
        if name in self.users:
            raise NotKnown(f"There is a user {name} already.")
        roles = {r.category: r for r in self.roles.values() if r.name == role}
        if not roles:
            raise NotKnown(f"There is no role {role}.")
        self.users[name] = User(name, roles)
        return self.users[name]

    def make_client(self, user: str) -> Client:
        """A client of a user; its secret is shown this once. Raises `NotKnown`."""
        if user not in self.users:
            raise NotKnown(f"There is no user {user}.")
        return self._keep(Client(str(uuid.uuid4()), secrets.token_urlsafe(24), self.users[user]))

    def _keep(self, client: Client) -> Client:
        self.clients[client.id] = client
        return client

"""What an administrator does in NetSuite's screens and with the vendor's tool, for `python -m sandbox.by_hand netsuite`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.netsuite.access import OWN_CERTIFICATES, SUITECLOUD, Access, Integration, Refusal, Role, User
from sandbox.netsuite.deploying import deploy, script_ids, validate
from sandbox.netsuite.rules import Tenant

WITH_TERMS = ("RESTWEBSERVICES", "OAUTH2")
"""Features that ask to accept terms."""


class Screens:
    """Actions by name; each takes what the person enters, and answers what the screen shows. Raises `Refusal`."""

    def __init__(self, tenant: Tenant, access: Access) -> None:
        self.tenant = tenant
        self.access = access
        self.actions: dict[str, Callable[..., dict[str, Any]]] = {
            "features": self.features,
            "integration": self.integration,
            "role-to-user": self.role_to_user,
            "permission": self.permission,
            "certificate": self.certificate,
            "validate": self.validate,
            "deploy": self.deploy,
            "objects": self.objects,
        }

    def do(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """One action: `{"action": name, ...}`."""
        rest = {name: value for name, value in given.items() if name != "action"}
        action = self.actions.get(str(given.get("action")))
        if action is None:
            raise Refusal(f"There is no action {given.get('action')!r}.")
        return action(**rest)

    def features(self) -> dict[str, Any]:
        """Setup > Company > Enable Features > SuiteCloud: everything that is needed, terms accepted."""
        self.access.features |= SUITECLOUD
        return {"enabled": sorted(SUITECLOUD)}

    def integration(self, name: str) -> dict[str, Any]:
        """Setup > Integration > Manage Integrations > New: Client Credentials Grant, scope REST Web Services."""
        missing = [feature for feature in WITH_TERMS if feature not in self.access.features]
        if missing:
            raise Refusal(f"The box is not there: enable {', '.join(missing)} first.")
        return {"client_id": self.access.add_integration(name).client_id}

    def role_to_user(self, user: str, role: str) -> dict[str, Any]:
        """Lists > Employees > the employee > Access: give access and the role; the employee is made if there is none."""
        held, found = self._role(role), self.access.user_of(user) or self.access.add_user(user)
        found.roles.add(held.id)
        return {"user": found.id, "role": held.id}

    def permission(self, role: str, name: str = OWN_CERTIFICATES, level: str = "FULL") -> dict[str, Any]:
        """Setup > Users/Roles > Manage Roles > the role > Permissions: add one."""
        held = self._role(role)
        held.permissions[name] = level
        return {"role": held.id}

    def certificate(self, pem: str, user: str, role: str, integration: str) -> dict[str, Any]:
        """Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup > Create New."""
        made = self.access.map(self._integration(integration).client_id, self._role(role).id, self._user(user).id, pem)
        return {"certificate_id": made.id, "valid_until": made.valid_until.isoformat()}

    def objects(self) -> dict[str, Any]:
        """`suitecloud object:list`."""
        return {"objects": [f"{kind}:{name}" for name, kind in sorted(script_ids(self.tenant, self.access).items())]}

    def validate(self, files: dict[str, str]) -> dict[str, Any]:
        """`suitecloud project:validate --server`."""
        return {"objects": len(validate(files, self.tenant, self.access).objects)}

    def deploy(self, files: dict[str, str]) -> dict[str, Any]:
        """`suitecloud project:deploy`."""
        return vars(deploy(files, self.tenant, self.access))

    def _role(self, name: str) -> Role:
        found = self.access.role_of(name)
        if found is None:
            raise Refusal(f"There is no role {name}.")
        return found

    def _user(self, name: str) -> User:
        found = self.access.user_of(name)
        if found is None:
            raise Refusal(f"There is no user {name}.")
        return found

    def _integration(self, name: str) -> Integration:
        found = next((i for i in self.access.integrations.values() if i.name == name), None)
        if found is None:
            raise Refusal(f"There is no integration record {name}.")
        return found

"""The endpoint by which a client looks after its own certificates: list, set up, revoke."""

from __future__ import annotations

import json
import re
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.netsuite.access import ALL_CERTIFICATES, OWN_CERTIFICATES, Access, Certificate, Refusal, Role
from sandbox.netsuite.auth import Session

KEYS = {"fileContent": str, "role": int, "entity": int}


class CertificateResponses:
    """Handlers of `/auth/oauth2/v1/clients/{client id}/certificates` and of `.../{certificate id}/revoke`. Errors have the form of the
    token endpoint's [A]."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def certificates(self, request: Request, match: re.Match[str], session: Session) -> Response:
        """`GET` lists, `POST {"fileContent", "role", "entity"}` sets up; the answer to it has no body unless the option says so [A]."""
        role = self._role(match, session)
        if role is None:
            return _no("access_denied", f"You need the '{OWN_CERTIFICATES}' permission.", 403)
        if request.method == "GET":
            rows = [self._shown(c) for c in self._visible(match["client"], role, session)]
            return _json(rows, 200)
        return self._set_up(request, match["client"], role, session)

    def revoke(self, request: Request, match: re.Match[str], session: Session) -> Response:
        """`POST .../{certificate id}/revoke`."""
        role = self._role(match, session)
        if role is None:
            return _no("access_denied", f"You need the '{OWN_CERTIFICATES}' permission.", 403)
        found = next((c for c in self._visible(match["client"], role, session) if c.id == match["certificate"]), None)
        if found is None:
            return _no("invalid_request", "The certificate does not exist.", 404)
        try:
            self.access.revoke(found)
        except Refusal as refused:
            return _no("invalid_request", str(refused), 400)
        return Response(status=200)

    def _set_up(self, request: Request, client: str, role: Role, session: Session) -> Response:
        try:
            body = json.loads(request.get_data())
        except ValueError:
            body = None
        if not isinstance(body, dict) or set(body) != set(KEYS) or any(not isinstance(body[k], kind) for k, kind in KEYS.items()):
            return _no("invalid_request", "The body must be JSON with fileContent, role and entity.", 400)
        if not self._manages_all(role) and (body["role"], body["entity"]) != (session.role, session.entity):
            return _no("access_denied", "You may set up certificates of your own role and entity only.", 403)
        try:
            made = self.access.map(client, body["role"], body["entity"], body["fileContent"])
        except Refusal as refused:
            return _no("invalid_request", str(refused), 400)
        return _json(self._shown(made), 200) if self.access.options.certificate_answer else Response(status=200)

    def _role(self, match: re.Match[str], session: Session) -> Role | None:
        """The caller's role, if it may look after certificates of this integration."""
        if not self.access.options.certificate_endpoint or match["client"] not in self.access.integrations:
            return None
        role = self.access.roles.get(session.role)
        allowed = role is not None and (role.may(OWN_CERTIFICATES) or self._manages_all(role))
        return role if allowed else None

    @staticmethod
    def _manages_all(role: Role) -> bool:
        return role.may(ALL_CERTIFICATES, "FULL")

    def _visible(self, client: str, role: Role, session: Session) -> list[Certificate]:
        known = [c for c in self.access.certificates() if c.client_id == client]
        return known if self._manages_all(role) else [c for c in known if (c.role, c.entity) == (session.role, session.entity)]

    def _shown(self, certificate: Certificate) -> dict[str, Any]:
        """One certificate as the list shows it; the form of its dates is not published [A]."""
        access = self.access
        application = access.integrations[certificate.client_id]
        role, user = access.roles[certificate.role], access.users[certificate.entity]
        named = {"id": application.id, "name": application.name, "url": f"/app/common/integration/integrapp.nl?id={application.id}"}
        return {
            "application": {**named, "application_id": application.application_id},
            "entity": {"id": user.id, "name": user.name, "url": f"/app/common/entity/employee.nl?id={user.id}"},
            "role": {"id": role.id, "name": role.name, "url": f"/app/setup/role.nl?id={role.id}"},
            "created": certificate.created.isoformat(),
            "valid_from": certificate.valid_from.isoformat(),
            "valid_until": certificate.valid_until.isoformat(),
            "revoked": certificate.revoked,
            "certificate_id": certificate.id,
            "algorithm": certificate.algorithm,
        }


def _json(body: Any, status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json", headers={"Cache-Control": "no-store"})


def _no(error: str, text: str, status: int) -> Response:
    return _json({"error": error, "error_description": text}, status)

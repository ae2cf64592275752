"""A client's own certificates: listed, set up and revoked at NetSuite's endpoint for their rotation (provisioning.md 5.5).

N/article_92130837826, N/article_11111634165, N/article_0209112025, N/article_0209112818 of NetSuite's help.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tallybridge.errors import BadAnswer, ConfigurationError
from tallybridge.hosts import NETSUITE, netsuite_label
from tallybridge.http import Answer, Call, Effect, Http
from tallybridge.netsuite.auth import signer_for
from tallybridge.netsuite.connection import NetSuiteConnection
from tallybridge.netsuite.faults import SERVICE, error_from
from tallybridge.tokens import ProcessTokens

PATH = "/services/rest/auth/oauth2/v1/clients/{client}/certificates"
RIGHT = "Manage own OAuth 2.0 Client Credentials certificates"
MAX_TEXT = 500


@dataclass(frozen=True)
class Certificate:
    """One that is mapped to the client. `role` and `entity` are internal ids; `valid_until` as NetSuite writes it."""

    id: str
    role: int
    entity: int
    valid_until: str
    revoked: bool


class Certificates:
    """The certificates of a connection's client, asked for with its own login. Raises `ConfigurationError` CERTIFICATE-RIGHT where the role
    may not, CERTIFICATE-REFUSED with what NetSuite says; else as every call."""

    def __init__(self, connection: NetSuiteConnection, http: Http) -> None:
        self.http = http
        self.signer = signer_for(connection, http, ProcessTokens())
        host = connection.base_url or f"https://{netsuite_label(connection.account_id)}.{NETSUITE[1]}"
        self.url = host.rstrip("/") + PATH.format(client=connection.client_id)

    def all(self) -> list[Certificate]:
        """Every certificate of the client, revoked ones too where NetSuite tells them."""
        answer = self._send("GET", self.url, Effect.READ, "list certificates")
        rows = answer.json_or_none()
        if not isinstance(rows, list):
            raise BadAnswer("NetSuite's list of certificates is no list.", service=SERVICE, status=answer.status)
        return [_read(row) for row in rows]

    def set_up(self, pem: str, role: int, entity: int) -> None:
        """Map a certificate to role and entity. The answer need not name it [A]: look it up. Raises `OutcomeUnknown` for a lost answer."""
        self._send("POST", self.url, Effect.ONCE, "set up certificate", {"fileContent": pem, "role": role, "entity": entity})

    def revoke(self, certificate: str) -> None:
        """End a certificate. Raises `OutcomeUnknown` when the answer is lost."""
        self._send("POST", f"{self.url}/{certificate}/revoke", Effect.ONCE, "revoke certificate")

    def _send(self, method: str, url: str, effect: Effect, operation: str, body: Mapping[str, Any] | None = None) -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        call = Call(SERVICE, method, url, effect, operation, headers=headers, body=json.dumps(body) if body is not None else None)
        self.signer.prepare()
        answer = self.http.send(call, signer=self.signer)
        if answer.status in (400, 403, 404, 405):
            raise _refused(answer)
        if error := error_from(answer, operation, effect):
            raise error
        return answer


def _refused(answer: Answer) -> ConfigurationError:
    body = answer.json_or_none()
    said = str(body.get("error_description") or body.get("error") or "") if isinstance(body, dict) else ""
    if answer.status in (400, 405):
        text = f"NetSuite does not take it: {said[:MAX_TEXT] or answer.status}"
        return ConfigurationError(text, place="certificate", code="CERTIFICATE-REFUSED", advice="Do it by hand as told, or put it right.")
    text = f"The role may not look after its own certificates: {said[:MAX_TEXT] or answer.status}"
    advice = f'Give the role the permission "{RIGHT}", or do it by hand as told.'
    return ConfigurationError(text, place="netsuite.role", code="CERTIFICATE-RIGHT", advice=advice)


def _read(row: Any) -> Certificate:
    try:
        ids = {name: int(row[name]["id"]) for name in ("role", "entity")}
        return Certificate(
            str(row["certificate_id"]), ids["role"], ids["entity"], str(row.get("valid_until", "")), row.get("revoked") is True
        )
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadAnswer("NetSuite's list of certificates has an entry without id, role or entity.", service=SERVICE) from wrong

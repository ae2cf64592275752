"""What people do outside of AWS's own API so that it goes on: at an address of its own on the embedded AWS.

    POST /_sandbox/by-hand  {"action": ...}  -> 200 {...} | 422 {"errors": [{"message"}]}

`dns` with `records` {name: value} publishes CNAME records; `click` with `address` follows the link of the mail by which an address is
verified; `support` with `granted` answers the request for production access; `mails` says what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from moto.ses.models import ses_backends
from werkzeug.wrappers import Request, Response

from sandbox.aws.mail import MailAccount

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/_sandbox/by-hand"


class Hands:
    """WSGI middleware before the embedded AWS. `sent` answers the mails that were sent."""

    def __init__(self, app: WSGIApplication, account: str, region: str, sent: Callable[[], Any]) -> None:
        self.app, self.account, self.region, self.sent = app, account, region, sent

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path != PATH:
            return self.app(environ, start_response)
        try:
            status, answer = 200, self._done(json.loads(request.get_data()))
        except LookupError as refused:
            status, answer = 422, {"errors": [{"message": str(refused.args[0])}]}
        return Response(json.dumps(answer), status=status, content_type="application/json")(environ, start_response)

    def _done(self, given: dict[str, Any]) -> dict[str, Any]:
        """Does it. Raises `LookupError` with what keeps it from being done."""
        action = given["action"]
        if action == "dns":
            MailAccount.records |= {name.rstrip(".").lower(): value.rstrip(".").lower() for name, value in given["records"].items()}
        elif action == "click":
            identity = ses_backends[self.account][self.region].email_identities.get(given["address"])
            if identity is None or identity.identity_type != "EMAIL_ADDRESS":
                raise LookupError(f"{given['address']} has got no mail from AWS.")
            MailAccount.clicked.add(given["address"])
        elif action == "support":
            if not MailAccount.answer_request(granted=bool(given["granted"])):
                raise LookupError("Nobody has asked for production access.")
        elif action == "mails":
            return {"mails": [{"from": str(m["From"]), "to": str(m["To"]), "subject": str(m["Subject"])} for m in self.sent()]}
        else:
            raise LookupError(f"Nobody does {action!r}.")
        return {}

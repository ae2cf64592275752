"""Every error of the product.

    TallybridgeError
    |-- ConfigurationError      settings, credentials, missing fields: a person must act before a run can work
    |-- RunInProgress           another run holds the lock
    |-- StepFailed              a whole step cannot go on (its cause is chained)
    `-- ServiceError            a call to Zuora or NetSuite
        |-- NotSent             the request never left or was refused before being applied: safe to repeat
        |   `-- Throttled       429 after all tries
        |-- OutcomeUnknown      the request may have been applied: look it up, never repeat it blindly
        |-- LoginRefused        401, 403 at login: a person must act
        |-- Refused             the service understood the request and declined it: the record's fault
        |   |-- AlreadyExists   external id or name is taken
        |   `-- NotFound        no such record
        `-- BadAnswer           an answer that the API description does not allow

`code` is stable and has a page in the documentation; `advice` is what the operator should do next.
"""

from __future__ import annotations


class TallybridgeError(Exception):
    """Base of all errors: a stable `code`, a message that names things, and the next step for a person."""

    code = "TALLY"
    advice = ""

    def __init__(self, message: str, *, code: str | None = None, advice: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if advice is not None:
            self.advice = advice

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, dict(self.__dict__)))


def _rebuild(kind: type[TallybridgeError], message: str, state: dict[str, object]) -> TallybridgeError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class ConfigurationError(TallybridgeError):
    """Settings, credentials or the set-up of an account are not usable. `place` says where (a key, a field)."""

    code = "CONFIG"

    def __init__(self, message: str, *, place: str = "", code: str | None = None, advice: str | None = None) -> None:
        super().__init__(message, code=code, advice=advice)
        self.place = place


class RunInProgress(TallybridgeError):
    """Another run holds the lock."""

    code = "RUN-LOCKED"


class StepFailed(TallybridgeError):
    """A whole step cannot go on."""

    code = "STEP-FAILED"


class ServiceError(TallybridgeError):
    """A call to `service` ("Zuora" or "NetSuite") did not succeed. `status` is the HTTP status, None when there was no answer;
    `service_code` the service's own error code; `detail` its own text; `path` where in the request, if it said so; `request_id` the
    service's own id of the call, which its support asks for."""

    code = "SERVICE"

    def __init__(
        self,
        message: str,
        *,
        service: str,
        status: int | None = None,
        service_code: str = "",
        detail: str = "",
        path: str = "",
        request_id: str = "",
        code: str | None = None,
        advice: str | None = None,
    ) -> None:
        super().__init__(
            message, code=code or (f"{'NS' if service == 'NetSuite' else 'ZUORA'}-{service_code}" if service_code else None), advice=advice
        )
        self.service = service
        self.status = status
        self.service_code = service_code
        self.detail = detail
        self.path = path
        self.request_id = request_id


class NotSent(ServiceError):
    """The request never left, or was refused before anything was applied."""

    advice = "Nothing was changed; the next run tries again."


class Throttled(NotSent):
    """The service limits requests, and all tries were used up."""

    advice = "The record is retried in the next run. Lower the number of parallel writers if this happens often."


class OutcomeUnknown(ServiceError):
    """No answer, or an answer that does not tell: the request may have been applied."""

    advice = "The next run looks it up and goes on; nothing is sent twice."


class LoginRefused(ServiceError):
    """The service refused the credentials."""

    advice = "Check the credentials, the certificate or token, and the role, then run `tallybridge doctor`."


class Refused(ServiceError):
    """The service declined the request for a reason that lies in the record or the set-up."""

    advice = "Correct what the text names, in the record or in the set-up; the next run tries again."


class AlreadyExists(Refused):
    """A record with this external id, number or name is already there."""


class NotFound(Refused):
    """No record with this id."""

    advice = "Restore the record that the text names, or clear the Integration ID and status of its counterpart; the next run tries again."


class BadAnswer(ServiceError):
    """The answer cannot be understood."""

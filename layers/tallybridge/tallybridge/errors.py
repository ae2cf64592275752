"""Every error of the product.

    TallybridgeError
    |-- ConfigurationError      settings, credentials, missing fields: a person must act before a run can work
    |-- RunInProgress           another run holds the lock
    |-- RunEnded                the run has ended: nothing is done in its name any more
    |-- MailNotSent             a mail waits for another try
    |-- StepFailed              a whole step cannot go on (its cause is chained)
    `-- ServiceError            a call to Zuora or NetSuite
        |-- NotSent             the request never left or was refused before being applied: safe to repeat
        |   |-- Throttled       429 after all tries
        |   `-- OutOfTime       the worker's time was used up before the call: another round, or the next run, makes it
        |       `-- NoSlot      it was used up by waiting for one of the account's slots
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
    set_up = False
    """Whether it lies in settings, credentials or the connection, so that nothing works before it is put right (exit code 3)."""

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
    set_up = True

    def __init__(self, message: str, *, place: str = "", code: str | None = None, advice: str | None = None) -> None:
        super().__init__(message, code=code, advice=advice)
        self.place = place


class RunInProgress(TallybridgeError):
    """Another run holds the lock."""

    code = "RUN-LOCKED"


class RunEnded(TallybridgeError):
    """The run has ended, by itself or from outside: a task that still works for it, or a redriven execution, does nothing more."""

    code = "RUN-ENDED"
    advice = "Start a new run: it takes up the rest."


class MailNotSent(TallybridgeError):
    """A mail service that may answer later has not taken a mail; the state machine tries again."""

    code = "MAIL-FAILED"


class StepFailed(TallybridgeError):
    """A whole step cannot go on."""

    code = "STEP-FAILED"


class ServiceError(TallybridgeError):
    """A call to `service` ("Zuora" or "NetSuite") did not succeed. `status` is the HTTP status, None when there was no answer;
    `service_code` the service's own error code; `detail` its own text; `path` where in the request, if it said so; `request_id` the
    service's own id of the call, which its support asks for. `kept`: the service keeps this answer for the idempotency key of the request,
    and would give it again. `going_on`: the caller stopped waiting, and the service may still be at work on the call."""

    code = "SERVICE"
    kept = False
    going_on = False

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


class OutOfTime(NotSent):
    """The time of the worker was used up before the call could be made."""

    code = "OUT-OF-TIME"
    advice = "Nothing needs to be done: the record is taken up again."


class NoSlot(OutOfTime):
    """No slot for the call became free in the time that the worker had."""

    code = "NO-SLOT"


class OutcomeUnknown(ServiceError):
    """No answer, or an answer that does not tell: the request may have been applied."""

    advice = "The next run looks it up and goes on; nothing is sent twice."


AWAY = "-AWAY"
"""End of the code of a run that ended because a service does not answer: it passes by itself."""


class LoginRefused(ServiceError):
    """The service refused the credentials."""

    set_up = True
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

"""What the console answers instead of a page: a stable code, what it means, and the next step."""

from __future__ import annotations

from tallybridge.errors import ConfigurationError, TallybridgeError


class Refusal(TallybridgeError):
    """A request that is not carried out; nothing was done. `status` is that of the answer."""

    status = 400

    def __init__(self, message: str, code: str, advice: str, status: int) -> None:
        super().__init__(message, code=code, advice=advice)
        self.status = status


STATUS = {
    **dict.fromkeys(("RUN-UNKNOWN", "CODE-UNKNOWN", "PLAN-UNKNOWN"), 404),
    **dict.fromkeys(("RUN-NOT-RUNNING", "CONFIGURATION-SAVED-MEANWHILE"), 409),
    **dict.fromkeys(("PLAN-APPLIED", "PLAN-OLD", "PLAN-SETTINGS", "PLAN-NOT-WHOLE"), 409),
}
"""Statuses of errors of the product."""


def status_of(error: TallybridgeError) -> int:
    if isinstance(error, Refusal):
        return error.status
    return STATUS.get(error.code, 400 if isinstance(error, ConfigurationError) else 500)


def no_such_page(path: str) -> Refusal:
    return Refusal(f"The console has no page {path}.", "CONSOLE-UNKNOWN", "Go to the first page; the menu lists all others.", 404)


def wrong_host(host: str) -> Refusal:
    text = f'The console does not answer under the name "{host}".'
    return Refusal(text, "CONSOLE-HOST", "Open it under its own address, which the command or the stack's output ConsoleUrl shows.", 421)


def elsewhere() -> Refusal:
    text = "The form came from another site. Nothing was done."
    return Refusal(text, "CONSOLE-ORIGIN", "Open the console by its own address and use its own forms.", 403)


def signed_out(own_machine: bool = False) -> Refusal:
    advice = "Open the address that `tallybridge console` has printed." if own_machine else "Sign in."
    return Refusal("Nobody is signed in, or the session has ended. Nothing was done.", "CONSOLE-SESSION", advice, 401)


def old_form() -> Refusal:
    text = "The form belongs to a session that has ended. Nothing was done yet."
    return Refusal(text, "CONSOLE-FORM", "Look at what you entered below, and send it again.", 409)


def not_allowed(role: str, needed: str) -> Refusal:
    text = f"This takes the role {needed}; you are signed in as {role}. Nothing was done."
    return Refusal(text, "CONSOLE-ROLE", f"Ask a person with the role {needed}, or whoever looks after the sign-in, for that role.", 403)


def no_role(name: str) -> Refusal:
    text = f"{name} is signed in, but belongs to none of the groups viewer, operator, approver."
    return Refusal(text, "CONSOLE-NO-ROLE", "Have yourself put into one of these groups, then sign in again.", 403)


def sign_in_failed(why: str) -> Refusal:
    return Refusal(f"The sign-in did not succeed: {why}.", "CONSOLE-SIGN-IN", "Sign in again. If it stays, check the set-up.", 401)


def missing(field: str) -> Refusal:
    return Refusal(f"{field} is missing. Nothing was done.", "CONSOLE-INPUT", "Go back, fill it in, and send the form again.", 400)


def wrong(text: str) -> Refusal:
    return Refusal(f"{text} Nothing was done.", "CONSOLE-INPUT", "Go back, correct it, and send the form again.", 400)

"""Why an assumption has no probe: the kinds of reasons, each with its text. `assumptions.json` names a kind, and may add a note."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "own-choice": "A decision of the product: no tenant could disprove it.",
    "commercial-connector": "What the commercial connector does or how it calls things: only a tenant in which it runs shows it.",
    "screen": "Only a screen of the vendor shows or sets it; no interface does.",
    "cannot-be-undone": "Trying it leaves something behind that cannot be taken back.",
    "load": "Trying it needs an amount of data or calls that would get in the way of everybody in the tenant.",
    "aws": "Not a vendor's behaviour: only the owner's AWS account shows it, when the stack is deployed and used.",
    "vendor-tool": "Only the vendor's own command line tool shows it, when the project is deployed.",
    "other-account": "It takes a feature, an extension or a user that a tenant for tests usually lacks.",
    "notice": "No tenant shows it: only a notice of the vendor can settle it.",
    "not-used": "The product never does it: it is there for other programs that call the stand-in.",
    "stand-in-default": "A value by which the sandbox runs; it says nothing about a tenant.",
}


def reason(kind: str, note: str = "") -> str:
    """The whole reason as it is told. Raises `KeyError` for a kind that does not exist."""
    return f"{REASONS[kind]} {note}".strip()

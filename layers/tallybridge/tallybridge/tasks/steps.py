"""Which class does which step, in the documented order."""

from __future__ import annotations

from importlib import import_module

from tallybridge.steps.base import ZuoraToNetSuite

CLASSES = {
    "customers": "tallybridge.steps.customers:Customers",
    "charges": "tallybridge.steps.charges:Charges",
    "invoices": "tallybridge.steps.invoices:Invoices",
    "payments": "tallybridge.steps.payments:Payments",
}


def step_class(name: str) -> type[ZuoraToNetSuite]:
    """The class of a step; its module is imported only now, so that a function loads its own step alone."""
    module, _, cls = CLASSES[name].partition(":")
    found: type[ZuoraToNetSuite] = getattr(import_module(module), cls)
    return found

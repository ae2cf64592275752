"""The rules by which NetSuite accepts, completes or refuses a record, one entry per record type."""

from collections.abc import Callable

from sandbox.netsuite.rules import entities, lists, sales, settlements
from sandbox.netsuite.rules.context import Tenant, Write

_RULES: dict[str, Callable[[Write], None]] = {
    "customer": entities.finish_customer,
    "contact": entities.finish_contact,
    "employee": entities.finish_employee,
    "vendor": entities.finish_vendor,
    "job": entities.finish_job,
    "salesOrder": sales.finish_sales_order,
    "invoice": sales.finish_invoice,
    "creditMemo": sales.finish_credit_memo,
    "customerPayment": settlements.finish_payment,
    "customerRefund": settlements.finish_refund,
    "customerDeposit": settlements.finish_deposit,
    "depositApplication": settlements.finish_deposit_application,
    "journalEntry": settlements.finish_journal,
}


def finish(write: Write) -> None:
    """Source defaults, work out amounts and check every rule of the record. Raises `NetSuiteError` when one is broken."""
    if write.record.type.group == "item":
        lists.finish_item(write)
    else:
        _RULES.get(write.record.type.name, lists.finish_list_record)(write)


__all__ = ["Tenant", "Write", "finish"]

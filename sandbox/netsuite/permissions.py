"""What the role of a request may do: records by the method, tables of queries, and everything else by its name."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.netsuite.access import REST, Role
from sandbox.netsuite.exceptions import no_permission
from sandbox.netsuite.suiteql.errors import hidden_table

ANALYTICS, CUSTOM_FIELDS = "REPO_ANALYTICS", "ADMI_CUSTFIELD"
RECORDS = {
    "customer": "LIST_CUSTJOB",
    "job": "LIST_JOB",
    "contact": "LIST_CONTACT",
    "employee": "LIST_EMPLOYEE",
    "vendor": "LIST_VENDOR",
    "nonInventorySaleItem": "LIST_ITEM",
    "serviceSaleItem": "LIST_ITEM",
    "otherChargeSaleItem": "LIST_ITEM",
    "inventoryItem": "LIST_ITEM",
    "discountItem": "LIST_ITEM",
    "salesOrder": "TRAN_SALESORD",
    "invoice": "TRAN_CUSTINVC",
    "creditMemo": "TRAN_CUSTCRED",
    "customerPayment": "TRAN_CUSTPYMT",
    "customerRefund": "TRAN_CUSTRFND",
    "customerDeposit": "TRAN_CUSTDEP",
    "depositApplication": "TRAN_DEPAPPL",
    "journalEntry": "TRAN_JOURNAL",
    "currency": "LIST_CURRENCY",
    "subsidiary": "LIST_SUBSIDIARY",
    "classification": "LIST_CLASS",
    "department": "LIST_DEPARTMENT",
    "location": "LIST_LOCATION",
    "account": "LIST_ACCOUNT",
    "term": "ADMI_ACCOUNTINGLIST",
    "priceLevel": "ADMI_ACCOUNTINGLIST",
    "paymentMethod": "LIST_PAYMETH",
    "accountingPeriod": "ADMI_ACCTPERIODS",
    "taxSchedule": "LIST_TAXSCHEDULE",
    "salesTaxItem": "LIST_TAXITEM",
    "revRecTemplate": "LIST_REVRECSCHEDULE",
}
TABLES = {
    **{name.lower(): key for name, key in RECORDS.items()},
    **dict.fromkeys(
        (
            "transaction",
            "transactionline",
            "transactionaccountingline",
            "transactionbillingaddress",
            "transactionshippingaddress",
            "nexttransactionlinelink",
            "previoustransactionlinelink",
        ),
        "TRAN_FIND",
    ),
    **dict.fromkeys(
        ("entity", "customeraddressbook", "customeraddressbookentityaddress", "customersubsidiaryrelationship"), "LIST_CUSTJOB"
    ),
    "locationmainaddress": "LIST_LOCATION",
    "item": "LIST_ITEM",
    "deletedrecord": "ADMI_DELETEDRECORD",
}
"""The permission that each table needs; custom lists need `LISTS`."""
LISTS = "ADMI_CUSTLIST"
LEVELS = {"GET": "VIEW", "POST": "CREATE", "PATCH": "EDIT", "PUT": "EDIT", "DELETE": "FULL"}
SERVICES = {"suiteql": ANALYTICS, "datasets": ANALYTICS, "dataset_result": ANALYTICS}


def check(role: Role, handler: str, method: str, record_types: Iterable[str]) -> None:
    """Let a call through, or raise the 403: the service as such, and each record type that it is about."""
    if not role.may(REST, "FULL"):
        raise no_permission("REST Web Services")
    if handler in SERVICES and not role.may(SERVICES[handler], "EDIT"):
        raise no_permission("SuiteAnalytics Workbook")
    if handler == "governance_limits" and not role.administrator:
        raise no_permission("Integration Governance")
    level = "VIEW" if handler in ("metadata", "metadata_list") else LEVELS.get(method, "VIEW")
    for name in record_types:
        if not role.may(RECORDS[name], level):
            raise no_permission(RECORDS[name])


def check_tables(role: Role | None, names: Iterable[str]) -> None:
    """Tables that the role may not see are unknown to it."""
    if role is None:
        return
    for name in sorted(names):
        key = TABLES.get(name, LISTS if name.startswith("customlist") else "")
        if key and not role.may(key):
            raise hidden_table(name)


def shows_custom_fields(role: Role | None) -> bool:
    """Whether the metadata catalogue shows the account's custom fields to the role [A]."""
    return role is None or role.may(CUSTOM_FIELDS)

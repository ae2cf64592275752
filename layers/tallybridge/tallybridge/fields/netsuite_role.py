"""What the connector's role in NetSuite may do: one table, from which the SDF project, the doctor and the page are made."""

from __future__ import annotations

from dataclasses import dataclass

VIEW, EDIT, FULL = "VIEW", "EDIT", "FULL"
TABLE: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    # key, level, name, subtab, record types, tables that are read, what for
    ("ADMI_RESTWEBSERVICES", FULL, "REST Web Services", "Setup", "", "", "every call"),
    ("ADMI_LOGIN_OAUTH2", FULL, "Log in using OAuth 2.0 Access Tokens", "Setup", "", "", "the login"),
    ("REPO_ANALYTICS", EDIT, "SuiteAnalytics Workbook", "Reports", "", "", "every query, and datasets"),
    ("LIST_CUSTJOB", FULL, "Customers", "Lists", "customer", "customer customeraddressbook customeraddressbookentityaddress", "customers"),
    ("LIST_ITEM", FULL, "Items", "Lists", "serviceSaleItem nonInventorySaleItem inventoryItem", "item", "the product catalogue"),
    ("TRAN_SALESORD", FULL, "Sales Order", "Transactions", "salesOrder", "", "sales orders"),
    ("TRAN_CUSTINVC", FULL, "Invoice", "Transactions", "invoice", "", "invoices and debit memos"),
    ("TRAN_CUSTCRED", FULL, "Credit Memo", "Transactions", "creditMemo", "", "credit memos and negative invoices"),
    ("TRAN_CUSTPYMT", FULL, "Customer Payment", "Transactions", "customerPayment", "", "payments"),
    ("TRAN_CUSTRFND", FULL, "Customer Refund", "Transactions", "customerRefund", "", "refunds"),
    ("TRAN_JOURNAL", FULL, "Make Journal Entry", "Transactions", "journalEntry", "", "reversing runs"),
    (
        "TRAN_FIND",
        VIEW,
        "Find Transaction",
        "Transactions",
        "",
        "transaction transactionline transactionaccountingline nexttransactionlinelink",
        "looking up documents",
    ),
    ("LIST_CURRENCY", VIEW, "Currency", "Lists", "", "currency", "currencies by their code"),
    ("LIST_CLASS", VIEW, "Classes", "Lists", "", "classification", "classes by name"),
    ("LIST_DEPARTMENT", VIEW, "Departments", "Lists", "", "department", "departments by name"),
    ("LIST_LOCATION", VIEW, "Locations", "Lists", "", "location", "locations by name"),
    ("LIST_SUBSIDIARY", VIEW, "Subsidiaries", "Lists", "", "subsidiary", "subsidiaries by name"),
    ("LIST_ACCOUNT", VIEW, "Accounts", "Lists", "", "account", "accounts by name"),
    ("LIST_PAYMETH", VIEW, "Payment Methods", "Lists", "", "paymentmethod", "payment methods by name"),
    ("LIST_CONTACT", VIEW, "Contacts", "Lists", "", "contact", "NetSuite as customer master: a customer's contacts are counted"),
    ("LIST_CRMGROUP", VIEW, "CRM Groups", "Lists", "", "", "records of customers"),
    ("LIST_TAXITEM", VIEW, "Tax Records", "Lists", "", "salestaxitem", "tax codes by name"),
    ("LIST_TAXSCHEDULE", VIEW, "Tax Schedules", "Lists", "", "taxschedule", "tax schedules of items by name"),
    ("LIST_REVRECSCHEDULE", VIEW, "Revenue Recognition Schedules", "Lists", "", "revrectemplate", "revenue templates by name"),
    ("ADMI_ACCOUNTINGLIST", VIEW, "Accounting Lists", "Setup", "", "term", "payment terms by name"),
    ("ADMI_EMPLOYEELIST", VIEW, "Other Lists", "Setup", "", "", "lists of customers"),
    ("ADMI_CUSTLIST", VIEW, "Custom Lists", "Setup", "", "customlistzuorabatch customlistzuorabillcycleday", "batch and bill cycle day"),
    ("ADMI_CUSTFIELD", VIEW, "Custom Fields", "Setup", "", "", "which fields the account has"),
    ("ADMI_ACCTPERIODS", VIEW, "Manage Accounting Periods", "Setup", "", "accountingperiod", "which periods are open"),
    ("ADMI_DELETEDRECORD", FULL, "Deleted Records", "Setup", "", "deletedrecord", "telling what was deleted after its sync"),
    ("ADMI_ALLOWNONGLCHANGES", FULL, "Allow Non G/L Changes", "Setup", "", "", "marks on documents of closed periods"),
)
LEVEL_NAMES = {VIEW: "View", EDIT: "Edit", FULL: "Full"}
ROLE_ID, ROLE_NAME = "customrole_tallybridge", "Tallybridge Integration"


@dataclass(frozen=True)
class Permission:
    """One permission: its key and level in an SDF project, and how NetSuite's screens name it."""

    key: str
    level: str
    name: str
    subtab: str
    records: tuple[str, ...]
    tables: tuple[str, ...]
    purpose: str

    def __str__(self) -> str:
        return f"{self.name} ({self.subtab}, {LEVEL_NAMES[self.level]})"


ROLE: tuple[Permission, ...] = tuple(
    Permission(key, level, name, subtab, tuple(records.split()), tuple(tables.split()), purpose)
    for key, level, name, subtab, records, tables, purpose in TABLE
)
PERMISSIONS = {record: str(permission) for permission in ROLE for record in permission.records}
"""The permission that a record type needs (settings.md section 2.4)."""
OF_TABLES = {table: permission for permission in ROLE for table in permission.tables}
"""The permission that a table of SuiteQL needs."""

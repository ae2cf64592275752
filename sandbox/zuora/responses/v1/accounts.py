"""`/v1/accounts` and `/v1/contacts` (spec section 12.7)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import v1_error
from sandbox.zuora.http import Call, success
from sandbox.zuora.models import contacts
from sandbox.zuora.models.accounts import check_lists, check_number_free, check_parent
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record
from sandbox.zuora.responses.v1.fields import INVALID, REQUIRED, RULE, found, names, read, required, show, unlocked
from sandbox.zuora.schema import is_custom
from sandbox.zuora.schema.fields import words

RESOURCE = 521100
UPDATE = 521200
ZERO = Decimal(0)
FIELDS = names(
    "accountNumber autoPay batch billCycleDay communicationProfileId crmId currency customerServiceRepName invoiceDeliveryPrefsEmail"
    " invoiceDeliveryPrefsPrint invoiceTemplateId name notes parentId paymentGateway paymentTerm purchaseOrderNumber"
    " salesRep=SalesRepName sequenceSetId creditMemoTemplateId debitMemoTemplateId partnerAccount"
)
CHANGE = {
    **{k: v for k, v in FIELDS.items() if k not in ("accountNumber", "currency")},
    **names("billToContactId=BillToId soldToContactId=SoldToId shipToContactId=ShipToId defaultPaymentMethodId"),
}
NOT_OFFERED = frozenset(
    words(
        "associateCommitmentNumber creditCard hpmCreditCardPaymentMethodId invoice invoiceCollect paymentMethod paymentMethodId runBilling"
        " collect subscription"
    )
)
TAX = names(
    "VATId=VATId companyCode=TaxCompanyCode exemptCertificateId=TaxExemptCertificateID exemptCertificateType=TaxExemptCertificateType"
    " exemptDescription=TaxExemptDescription exemptEffectiveDate=TaxExemptEffectiveDate exemptExpirationDate=TaxExemptExpirationDate"
    " exemptIssuingJurisdiction=TaxExemptIssuingJurisdiction exemptStatus=TaxExemptStatus exemptEntityUseCode=TaxExemptEntityUseCode"
)
CONTACT = names(
    "address1 address2 city country county fax firstName homePhone lastName mobilePhone nickname=NickName otherPhone otherPhoneType"
    " personalEmail state taxRegion workEmail workPhone zipCode=PostalCode"
)
BASIC = names(
    "id name accountNumber batch communicationProfileId crmId customerServiceRepName invoiceTemplateId notes parentId partnerAccount"
    " purchaseOrderNumber salesRep=SalesRepName sequenceSetId status lastMetricsUpdate creditMemoTemplateId debitMemoTemplateId"
)
BILLING = names(
    "autoPay billCycleDay currency defaultPaymentMethodId invoiceDeliveryPrefsEmail invoiceDeliveryPrefsPrint"
    " paymentMethodCascadingConsent paymentGateway paymentTerm"
)
SAME = {"soldToContact": "soldToSameAsBillTo", "shipToContact": "shipToSameAsBillTo"}
"""Flags that make one contact of two roles."""
ROLES = {"billToContact": "BillToId", "soldToContact": "SoldToId", "shipToContact": "ShipToId"}


def create(call: Call) -> Response:
    """The account and its contacts, in one transaction."""
    body = call.body
    required(body, "name currency billToContact billCycleDay", RESOURCE)
    for name in sorted(name for name in NOT_OFFERED if body.get(name)):
        raise v1_error(RESOURCE, RULE, f"'{name}' is not offered by this tenant.")
    values = account_values(call, body, FIELDS, RESOURCE)
    set_parent(call, values)
    people = people_of(call, body)
    check_new(call.tenant, values)
    store = call.tenant.store
    account_id = store.new_id("Account")
    made = {role: store.insert("Contact", {**c, "AccountId": account_id})["Id"] for role, c in people.items()}
    made |= {role: made["billToContact"] for role, flag in SAME.items() if body.get(flag) is True}
    fixed = {"Status": "Active", "Balance": ZERO, "CreditBalance": ZERO, "TotalInvoiceBalance": ZERO, "AllowInvoiceEdit": False}
    defaults = {"Batch": "Batch1", "BillCycleDay": 0, "AutoPay": False, "BcdSettingOption": "AutoSet"}
    links = {ROLES[role]: contact_id for role, contact_id in made.items()}
    account = store.insert("Account", {**defaults, **values, **fixed, **links, "Id": account_id})
    ids = {f"{role}Id": contact_id for role, contact_id in made.items()}
    return success({"accountId": account_id, "accountNumber": account["AccountNumber"], **ids})


def set_parent(call: Call, values: Record) -> None:
    """The account above, by its number. Raises `V1Error`."""
    number = call.body.get("parentAccountNumber")
    if number:
        parent = found(call, "Account", number, RESOURCE)["Id"]
        if values.setdefault("ParentId", parent) != parent:
            raise v1_error(RESOURCE, INVALID, "parentId and parentAccountNumber name different accounts.")


def people_of(call: Call, body: Mapping[str, Any]) -> dict[str, Record]:
    """The contacts of a new account by role. Without a sold-to it gets one like the bill-to."""
    same = [role for role, flag in SAME.items() if body.get(flag) is True]
    if doubled := [role for role in same if role in body]:
        raise v1_error(RESOURCE, INVALID, f"'{doubled[0]}' cannot be given with '{SAME[doubled[0]]}'.")
    people = {role: contact_values(call, role, body[role], RESOURCE) for role in ROLES if role in body}
    for contact in people.values():
        required({"firstName": contact.get("FirstName"), "lastName": contact.get("LastName")}, "firstName lastName", RESOURCE)
    if "soldToContact" not in (*people, *same):
        people["soldToContact"] = people["billToContact"]
    return people


def account_values(call: Call, body: Mapping[str, Any], table: Mapping[str, str], resource: int) -> Record:
    kind = call.tenant.schema["Account"]
    values = read(call, kind, body, table, resource)
    values.update(read(call, kind, body.get("taxInfo") or {}, TAX, resource))
    emails = body.get("additionalEmailAddresses")
    if isinstance(emails, list):
        values["AdditionalEmailAddresses"] = ",".join(map(str, emails))
    for mail in str(values.get("AdditionalEmailAddresses") or "").split(","):
        if mail and not contacts.MAIL.match(mail):
            raise v1_error(resource, INVALID, f"{mail!r} is not a mail address.")
    check_lists(call.tenant, values, lambda text: v1_error(resource, INVALID, text))
    return values


def contact_values(call: Call, role: str, body: Any, resource: int, old: Record | None = None) -> Record:
    if not isinstance(body, dict):
        raise v1_error(resource, INVALID, f"'{role}' must be an object.")
    values = read(call, call.tenant.schema["Contact"], body, CONTACT, resource)
    if old is None:
        values = {k: v for k, v in values.items() if v is not None}
    return contacts.settled(call.tenant, old or {}, values, lambda text: v1_error(resource, INVALID, text))


def check_new(tenant: Tenant, values: Record) -> None:
    number = values.get("AccountNumber")
    if number is not None and tenant.store.by("Account", "AccountNumber", number):
        raise v1_error(RESOURCE, INVALID, f"The account number {number} already exists.")
    check_number_free(tenant, number, lambda text: v1_error(RESOURCE, INVALID, text))
    if values.get("AutoPay"):
        raise v1_error(RESOURCE, REQUIRED, "autoPay needs a payment method.")


def get(call: Call) -> Response:
    account = found(call, "Account", call.args["key"])
    tenant = call.tenant
    kind = tenant.schema["Account"]
    customs = {k: v for k, v in account.items() if is_custom(k)}
    basic = {k: v for k, v in show(tenant, kind, account, BASIC).items() if k not in customs}
    billing = {k: v for k, v in show(tenant, kind, account, BILLING).items() if k not in customs}
    tax = {k: v for k, v in show(tenant, kind, account, TAX).items() if k not in customs}
    emails = account.get("AdditionalEmailAddresses")
    body: dict[str, Any] = {
        "basicInfo": {**basic, **customs},
        "billingAndPayment": {**billing, "additionalEmailAddresses": emails.split(",") if emails else []},
        "metrics": {k: str(v) for k, v in metrics(tenant, account).items()},
        "taxInfo": tax,
    }
    for role, field in ROLES.items():
        contact = tenant.store.get("Contact", account.get(field))
        if contact is not None:
            body[role] = {"id": contact["Id"], **show(tenant, tenant.schema["Contact"], contact, CONTACT)}
    return success(body)


def metrics(tenant: Tenant, account: Record) -> dict[str, Decimal]:
    """Balances of the account, added up from its documents."""
    store = tenant.store

    def total(kind: str, field: str, state: str) -> Decimal:
        rows = store.by(kind, "AccountId", account["Id"])
        return sum((r.get(field, ZERO) for r in rows if r["Status"] == state), ZERO)

    invoices, debits = total("Invoice", "Balance", "Posted"), total("DebitMemo", "Balance", "Posted")
    credits, payments = total("CreditMemo", "Balance", "Posted"), total("Payment", "UnappliedAmount", "Processed")
    return {
        "balance": invoices + debits - (credits + payments if tenant.settlement else ZERO),
        "contractedMrr": account.get("Mrr", ZERO),
        "creditBalance": account.get("CreditBalance", ZERO),
        "totalDebitMemoBalance": debits,
        "totalInvoiceBalance": invoices,
        "unappliedCreditMemoAmount": credits,
        "unappliedPaymentAmount": payments if tenant.settlement else ZERO,
    }


def update(call: Call) -> Response:
    """Account and contacts in one call."""
    account = found(call, "Account", call.args["key"])
    unlocked(call.tenant, account, UPDATE)
    values = account_values(call, call.body, CHANGE, UPDATE)
    if "Name" in values and not values["Name"]:
        raise v1_error(UPDATE, REQUIRED, "'name' is required.")
    check_parent(call.tenant, account["Id"], values.get("ParentId"), lambda text: v1_error(UPDATE, RULE, text))
    held = {role: call.tenant.store.get("Contact", account.get(ROLES[role])) or {} for role in ROLES}
    changed = {role: contact_values(call, role, call.body[role], UPDATE, held[role]) for role in ROLES if role in call.body}
    if values.get("AutoPay") and not (values.get("DefaultPaymentMethodId") or account.get("DefaultPaymentMethodId")):
        raise v1_error(UPDATE, REQUIRED, "autoPay needs a payment method.")
    store = call.tenant.store
    for role, contact in changed.items():
        known = store.get("Contact", account.get(ROLES[role]))
        shared = role != "billToContact" and known is not None and known["Id"] == account.get("BillToId")
        if known is None:
            required({"firstName": contact.get("FirstName"), "lastName": contact.get("LastName")}, "firstName lastName", UPDATE)
        if known is None or shared:
            values[ROLES[role]] = store.insert("Contact", {**without_id(known or {}), **contact, "AccountId": account["Id"]})["Id"]
        else:
            store.update("Contact", known["Id"], contact)
    store.update("Account", account["Id"], values)
    return success({})


def without_id(contact: Record) -> Record:
    return {k: v for k, v in contact.items() if k not in ("Id", "CreatedDate", "CreatedById", "UpdatedDate", "UpdatedById")}


def get_contact(call: Call) -> Response:
    contact = found(call, "Contact", call.args["key"])
    shown = show(call.tenant, call.tenant.schema["Contact"], contact, CONTACT)
    return success({"id": contact["Id"], "accountId": contact["AccountId"], **shown})


def update_contact(call: Call) -> Response:
    contact = found(call, "Contact", call.args["key"])
    values = contact_values(call, "contact", call.body, UPDATE, contact)
    call.tenant.store.update("Contact", contact["Id"], values)
    return success({})

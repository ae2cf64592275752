"""Payments with Invoice Settlement (spec section 12.9)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sandbox.zuora.exceptions import V1Error, v1_error
from sandbox.zuora.models.currencies import check_decimals
from sandbox.zuora.models.settlement.money import PAYMENT, ZERO, Line, change_part, check_apply, check_unapply, currency_of, move
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record
from sandbox.zuora.schema.fields import words

RESOURCE = 538100
SENT = ("Yes", "Processing")
REQUIRED = 22
INVALID = 20
RULE = 30
ELECTRONIC_METHODS = frozenset(words("ACH BankTransfer CreditCard CreditCardReferenceTransaction DebitCard PayPal"))
SNAPSHOT_FIELDS = words(
    "AccountId Name Type CreditCardType CreditCardMaskNumber CreditCardHolderName CreditCardExpirationMonth"
    " CreditCardExpirationYear AchAbaCode AchAccountType AchBankName BankTransferType PaypalEmail"
)


def refuse(message: str, category: int = RULE) -> V1Error:
    return v1_error(RESOURCE, category, message)


def create(tenant: Tenant, values: Record, method_type: str | None, lines: Sequence[Line]) -> Record:
    """A processed payment with its first applications. `values` are checked fields; raises `V1Error`."""
    account = tenant.store.get("Account", values.get("AccountId"))
    if values["Amount"] <= ZERO:
        raise refuse("The amount of a payment must be greater than zero.", INVALID)
    if values["Currency"] not in tenant.currencies:
        raise refuse(f"The currency {values['Currency']} is not active in this tenant.", INVALID)
    check_decimals(values["Amount"], values["Currency"], lambda text: refuse(text, INVALID))
    if account is not None and values["Currency"] != account["Currency"] and not (lines and tenant.options.multiple_currencies):
        raise refuse(f"The currency {values['Currency']} is not the currency {account['Currency']} of the account.", INVALID)
    if account is None and lines:
        raise refuse("A payment without an account cannot be applied.")
    check_effective_date(tenant, values)
    method = method_for(tenant, values, method_type, account)
    payment: Record = {
        **values,
        "PaymentMethodId": method["Id"] if method else None,
        "Status": "Processed",
        "Source": "API",
        "GatewayState": "NotSubmitted" if values["Type"] == "External" else "Submitted",
        "AppliedAmount": ZERO,
        "UnappliedAmount": values["Amount"],
        "RefundAmount": ZERO,
        "AppliedCreditBalanceAmount": ZERO,
    }
    check_apply(tenant.store, PAYMENT, payment, lines)
    payment["PaymentMethodSnapshotId"] = snapshot(tenant, method) if method else None
    made = tenant.store.insert("Payment", payment)
    change_part(tenant.store, PAYMENT, made, None, values["Amount"])
    return move(tenant, PAYMENT, made["Id"], lines, made["EffectiveDate"], 1)


def check_effective_date(tenant: Tenant, values: Record) -> None:
    today = tenant.today().isoformat()
    date = values.setdefault("EffectiveDate", today)
    exact = tenant.options.payment_effective_date == "today" or values["Type"] == "Electronic"
    if (exact and date != today) or date > today:
        raise refuse(f"The effective date {date} must be {'today' if exact else 'today or earlier'}.", INVALID)


def method_for(tenant: Tenant, values: Record, method_type: str | None, account: Record | None) -> Record | None:
    """The method given, or the account's default one that fits, or for an external payment one of the named type."""
    given = tenant.store.get("PaymentMethod", values.get("PaymentMethodId"))
    if given is not None:
        if given.get("AccountId") not in (None, values.get("AccountId")):
            raise refuse("The payment method belongs to another account.")
        if values["Type"] == "Electronic" and given["Type"] not in ELECTRONIC_METHODS:
            raise refuse(f"A payment method of type {given['Type']} does not fit an electronic payment.")
        return given
    if method_type is not None:
        if values["Type"] != "External":
            raise refuse("paymentMethodType can only be given for external payments.")
        methods = tenant.store.all("PaymentMethod")
        return next((m for m in methods if m["Type"] == method_type and "AccountId" not in m), None)
    default = tenant.store.get("PaymentMethod", (account or {}).get("DefaultPaymentMethodId"))
    if default is None:
        raise refuse("paymentMethodId is required: the account has no default payment method.", REQUIRED)
    if (default["Type"] in ELECTRONIC_METHODS) != (values["Type"] == "Electronic"):
        raise refuse(f"The default payment method of the account does not fit a payment of type {values['Type']}.")
    return default


def snapshot(tenant: Tenant, method: Record) -> str:
    """The copy of a payment method that stays with the payment."""
    kept = {name: method[name] for name in SNAPSHOT_FIELDS if name in method}
    return str(tenant.store.insert("PaymentMethodSnapshot", {**kept, "PaymentMethodId": method["Id"]})["Id"])


def apply(tenant: Tenant, payment: Record, lines: Sequence[Line], date: str) -> Record:
    check_apply(tenant.store, PAYMENT, payment, lines)
    return move(tenant, PAYMENT, payment["Id"], lines, date, 1)


def unapply(tenant: Tenant, payment: Record, lines: Sequence[Line], date: str) -> Record:
    check_unapply(tenant.store, PAYMENT, payment, lines)
    return move(tenant, PAYMENT, payment["Id"], lines, date, -1)


def transfer(tenant: Tenant, payment: Record, account_id: str | None) -> Record:
    """Move an unapplied payment to another account, or to none."""
    if payment["Status"] != "Processed" or payment.get("AppliedAmount", ZERO) > ZERO or payment.get("RefundAmount", ZERO) > ZERO:
        raise refuse("Only a processed payment that is fully unapplied can be transferred.")
    if payment["Type"] != "External":
        raise refuse("Electronic payments cannot be transferred.")
    account = tenant.store.get("Account", account_id) or {}
    ours = currency_of(tenant.store, payment)
    if account and account["Currency"] != ours:
        raise refuse(f"The payment is in {ours}, the account in {account['Currency']}.", INVALID)
    for part in tenant.store.by("PaymentPart", "PaymentId", payment["Id"]):
        tenant.store.update("PaymentPart", part["Id"], {"AccountId": account_id})
    return tenant.store.update("Payment", payment["Id"], {"AccountId": account_id})


def cancel(tenant: Tenant, payment: Record) -> Record:
    """Cancel an external payment of which nothing is applied or refunded."""
    if payment["Status"] != "Processed":
        raise refuse(f"A payment in status {payment['Status']} cannot be canceled.")
    if payment["Type"] != "External":
        raise refuse("Only external payments can be canceled.")
    if payment.get("GatewayState") == "Settled":
        raise refuse("A payment that was settled cannot be canceled.")
    if payment.get("TransferredToAccounting") in SENT and not tenant.options.voids_transferred_payments:
        raise refuse("A payment that was transferred to accounting cannot be canceled.")
    if payment.get("AppliedAmount", ZERO) > ZERO:
        raise refuse("The payment is applied; unapply it before canceling.")
    if payment.get("RefundAmount", ZERO) > ZERO or payment.get("AppliedCreditBalanceAmount", ZERO) > ZERO:
        raise refuse("The payment was refunded or moved to the credit balance and cannot be canceled.")
    for part in tenant.store.by("PaymentPart", "PaymentId", payment["Id"]):
        tenant.store.delete("PaymentPart", part["Id"])
    changes: Record = {"Status": "Canceled", "CancelledOn": tenant.store.now(), "UnappliedAmount": Decimal(0)}
    return tenant.store.update("Payment", payment["Id"], changes)

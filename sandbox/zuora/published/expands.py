"""What Object Query expands, by plural (published values of `expand[]`, and those of the vendor's SDK)."""

from __future__ import annotations

EXPANDS: dict[str, str] = {
    "accounts": (
        "billto creditmemos debitmemos defaultpaymentmethod invoices paymentmethods payments refunds shipto soldto"
        " subscriptions subscriptions.rateplans subscriptions.rateplans.rateplancharges usages"
    ),
    "contacts": "account",
    "credit-memo-applications": "creditmemo",
    "credit-memo-items": "credittaxationitems invoiceschedule invoicescheduleitem rateplancharge subscription subscriptionowner",
    "credit-memos": (
        "account billtocontact billtocontactsnapshot creditmemoapplications creditmemoitems creditmemoitems.subscription"
        " creditmemoitems.subscription.account shiptocontactsnapshot soldtocontactsnapshot"
    ),
    "debit-memo-items": "debittaxationitems rateplancharge subscription subscriptionowner",
    "debit-memos": (
        "account billtocontact billtocontactsnapshot debitmemoitems debitmemoitems.subscription"
        " debitmemoitems.subscription.account shiptocontactsnapshot soldtocontactsnapshot"
    ),
    "invoice-items": (
        "invoice invoiceschedule invoicescheduleitem orderlineitem rateplancharge subscription subscriptionowner taxationitems"
    ),
    "invoices": (
        "account account.billto account.shipto account.soldto billtocontact billtocontactsnapshot creditmemoapplications"
        " creditmemoapplications.creditmemo creditmemoparts creditmemoparts.creditmemo invoiceitems invoiceitems.subscription"
        " invoiceitems.subscription.account paymentapplications paymentapplications.payment paymentparts paymentparts.payment"
        " shiptocontactsnapshot soldtocontactsnapshot"
    ),
    "order-actions": "order subscription",
    "orders": (
        "account orderactions orderactions.subscription orderactions.subscription.rateplans"
        " orderactions.subscription.rateplans.rateplancharges orderlineitems orderlineitems.invoiceitems"
    ),
    "payment-applications": "payment",
    "payment-method-snapshots": "",
    "payment-methods": "account",
    "payments": (
        "account account.billto account.soldto paymentapplications paymentmethod paymentscheduleitempayments"
        " paymentscheduleitempayments.paymentscheduleitem"
    ),
    "product-rate-plan-charge-tiers": "productrateplancharge",
    "product-rate-plan-charges": "productrateplan productrateplanchargetiers",
    "product-rate-plans": ("externalproductrateplans product productrateplancharges productrateplancharges.productrateplanchargetiers"),
    "products": (
        "productrateplans productrateplans.productrateplancharges productrateplans.productrateplancharges.productrateplanchargetiers"
    ),
    "rate-plan-charge-tiers": "rateplancharge",
    "rate-plan-charges": "productrateplancharge rateplan rateplanchargetiers",
    "rate-plans": "productrateplan rateplancharges rateplancharges.rateplanchargetiers subscription",
    "refund-application-items": "refundapplication",
    "refund-applications": "payment refund refundapplicationitems",
    "refunds": (
        "account account.billto account.soldto paymentmethod refundapplications refundapplications.payment"
        " refundapplications.refundapplicationitems"
    ),
    "subscriptions": (
        "account account.billto account.paymentmethods account.shipto account.soldto billtocontact invoiceitems invoiceowner"
        " order rateplans rateplans.rateplancharges rateplans.rateplancharges.rateplanchargetiers soldtocontact"
    ),
    "taxation-items": "",
}

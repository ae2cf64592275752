"""What a connector asks for both ways: custom fields on every document, open balances, refusals, orders, customers with addresses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn, new_key_pair
from sandbox.netsuite.habits import Habits
from sandbox.server import LoopbackServer
from tests.standins.netsuite.account import STRICT, Account, Clock, error_of, path_of
from tests.standins.netsuite.test_netsuite_sales import period
from tests.standins.netsuite.test_netsuite_settlements import credit, refund

DOCUMENTS = ("invoice", "creditMemo", "customerPayment", "customerRefund", "salesOrder", "customerDeposit", "journalEntry")
STATUS, ZUORA_ID = "custbodyzuoraintegrationstatus", "custbodyzuoraid"


def document(ns: Account, kind: str) -> str:
    """A document of each kind, nothing applied to it."""
    customer, item = ns.customer(), ns.item()
    lines = {"items": [{"item": item, "amount": 40}]}
    match kind:
        case "invoice" | "salesOrder" | "creditMemo":
            return ns.create(kind, {"entity": customer, "tranDate": "2026-01-31", "item": lines})
        case "customerPayment":
            return ns.payment(customer, 40, tranDate="2026-01-31")
        case "customerDeposit":
            return ns.create(kind, {"customer": customer, "payment": 40, "tranDate": "2026-01-31"})
        case "customerRefund":
            made = refund(ns, customer, (ns.payment(customer, 40), 40), tranDate="2026-01-31")
            return str(made.headers["Location"].rsplit("/", 1)[1])
    both = [{"account": "3", "debit": 40, "entity": customer}, {"account": "7", "credit": 40}]
    return ns.create(kind, {"subsidiary": "2", "tranDate": "2026-01-31", "line": {"items": both}})


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_connector_fields_are_written_and_read_on_every_document(ns: Account, kind: str) -> None:
    number = document(ns, kind)
    before = ns.whole(f"{kind}/{number}")
    ns.clock.forward(minutes=1)
    body = {STATUS: "Sync Complete", ZUORA_ID: "ff01", "custbodyzuoraorigin": "NETSUITE", "custbodyzuorasyncdate": "2026-02-15T10:00:00Z"}
    assert ns.record("PATCH", f"{kind}/{number}", body, headers=STRICT).status_code == 204
    after = ns.whole(f"{kind}/{number}")
    assert {name: after[name] for name in body} == body
    kept = ("total", "payment", "tranId", "tranDate", "amountRemaining", "unapplied")
    assert {n: after.get(n) for n in kept} == {n: before.get(n) for n in kept}
    assert after["lastModifiedDate"] == "2026-02-15T10:01:00Z"
    row = ns.rows(f"SELECT id, {STATUS} AS state, recordtype FROM transaction WHERE {ZUORA_ID} = ?", "ff01")
    assert row == [{"id": number, "state": "Sync Complete", "recordtype": kind.lower()}]
    assert ns.record("PATCH", f"{kind}/{number}", {STATUS: None, ZUORA_ID: None}).status_code == 204
    assert ns.rows(f"SELECT id FROM transaction WHERE {ZUORA_ID} IS NULL AND {STATUS} IS NULL AND id = ?", number) == [{"id": number}]


@pytest.mark.parametrize("kind", [k for k in DOCUMENTS if k != "salesOrder"])
def test_a_closed_period_takes_no_document_but_connector_fields(ns: Account, kind: str) -> None:
    number = document(ns, kind)
    ns.load({"accountingPeriod": [{"id": period(ns, "Jan 2026"), "closed": True}]})
    moved = ns.record("PATCH", f"{kind}/{number}", {"tranDate": "2026-01-30"})
    assert (moved.status_code, path_of(moved)) == (400, "postingPeriod")
    assert error_of(moved)[1:] == (
        "USER_ERROR",
        "Error while accessing a resource. You cannot make this entry because the posting period Jan 2026 is closed.",
    )
    refused = ns.record("PATCH", f"{kind}/{number}", {STATUS: "x"})
    text = "Error while accessing a resource. You cannot edit this transaction because its posting period Jan 2026 is closed."
    assert (error_of(refused), path_of(refused)) == ((400, "USER_ERROR", text), "postingPeriod")


@pytest.mark.parametrize("kind", [k for k in DOCUMENTS if k != "salesOrder"])
@pytest.mark.parametrize(("period_allows", "role_may"), [(False, True), (True, False), (True, True)])
def test_what_posts_nothing_is_changed_where_period_and_role_allow_it(ns: Account, kind: str, period_allows: bool, role_may: bool) -> None:
    number = document(ns, kind)
    ns.options.non_gl_changes = role_may
    ns.load({"accountingPeriod": [{"id": period(ns, "Jan 2026"), "closed": True, "allowNonGLChanges": period_allows}]})
    answer = ns.record("PATCH", f"{kind}/{number}", {STATUS: "x", "memo": "y"})
    assert answer.status_code == (204 if period_allows and role_may else 400)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_posting_period_holds_the_date_unless_the_account_allows_others(ns: Account, allowed: bool) -> None:
    ns.options.date_outside_period = allowed
    body = {"entity": {"id": ns.customer()}, "item": {"items": [{"item": {"id": ns.item()}, "amount": 1}]}, "tranDate": "2026-01-30"}
    answer = ns.record("POST", "invoice", {**body, "postingPeriod": {"id": period(ns, "Feb 2026")}})
    assert answer.status_code == (204 if allowed else 400)
    if not allowed:
        assert "not within the date range of your accounting period" in error_of(answer)[2]


def test_an_order_is_written_in_a_closed_period(ns: Account) -> None:
    ns.load({"accountingPeriod": [{"id": period(ns, "Jan 2026"), "closed": True}]})
    assert document(ns, "salesOrder")


@pytest.mark.parametrize("kind", ["invoice", "creditMemo", "customerPayment", "customerDeposit"])
def test_creating_in_a_closed_period_is_refused_unless_another_is_given(ns: Account, kind: str) -> None:
    customer, item = ns.customer(), ns.item()
    ns.load({"accountingPeriod": [{"id": period(ns, "Jan 2026"), "arLocked": True}]})
    of_sale: dict[str, Any] = {"entity": customer, "item": {"items": [{"item": item, "amount": 40}]}}
    body = {"tranDate": "2026-01-31", **(of_sale if kind in ("invoice", "creditMemo") else {"customer": customer, "payment": 40})}
    assert "is closed" in error_of(ns.record("POST", kind, body))[2]
    ns.options.date_outside_period = True
    february = period(ns, "Feb 2026")
    number = ns.create(kind, {**body, "postingPeriod": {"id": february}})
    found = ns.get(f"{kind}/{number}")
    assert (found["postingPeriod"]["refName"], found["tranDate"]) == ("Feb 2026", "2026-01-31")
    assert ns.rows("SELECT postingperiod FROM transaction WHERE id = ?", number) == [{"postingperiod": february}]
    year = ns.record("POST", kind, {**body, "postingPeriod": {"refName": "FY 2026"}})
    assert (year.status_code, path_of(year)) == (400, "postingPeriod")


@pytest.mark.parametrize(("preference", "name"), [("first open", "Mar 2026"), ("current", "May 2026")])
def test_a_document_of_a_closed_period_goes_where_the_preference_says(
    ns: Account, preference: Literal["first open", "current"], name: str
) -> None:
    customer, item = ns.customer(), ns.item()
    ns.options.date_outside_period, ns.options.default_posting_period = True, preference
    ns.load({"accountingPeriod": [{"id": period(ns, each), "closed": True} for each in ("Jan 2026", "Feb 2026")]})
    ns.clock.now = datetime(2026, 5, 4, 12, tzinfo=UTC)
    ns.log_in()
    found = ns.get(f"invoice/{ns.invoice(customer, item, 40)}")
    assert (found["postingPeriod"]["refName"], found["tranDate"]) == (name, "2026-01-31")


@pytest.mark.parametrize(("habit", "statuses"), [("refused", [204, 400, 204]), ("taken", [204, 204, 204])])
def test_a_document_number_stands_once_in_its_type(ns: Account, habit: Literal["refused", "taken"], statuses: list[int]) -> None:
    ns.options.habits = Habits(duplicate_numbers=habit)
    customer, item = ns.customer(), ns.item()
    body = {"entity": customer, "tranId": "A-1", "item": {"items": [{"item": item, "amount": 1}]}}
    answers = [ns.record("POST", kind, body) for kind in ("invoice", "invoice", "creditMemo")]
    assert [a.status_code for a in answers] == statuses
    if habit == "refused":
        assert error_of(answers[1])[2].endswith("This record already exists")


def test_a_payment_of_an_open_period_is_applied_to_an_invoice_of_a_closed_one(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    ns.load({"accountingPeriod": [{"id": period(ns, "Jan 2026"), "closed": True}]})
    payment = ns.payment(customer, 60, (invoice, 60), tranDate="2026-02-10")
    lines = {"items": [{"doc": {"id": invoice}, "apply": True, "amount": 50}]}
    assert ns.record("PATCH", f"customerPayment/{payment}", {"apply": lines}).status_code == 204
    assert ns.get(f"invoice/{invoice}")["amountRemaining"] == 50


# applying


@pytest.mark.parametrize(
    ("kind", "amount", "path", "text"),
    [
        (
            "customerPayment",
            100.01,
            "apply.items[0].amount",
            "The amount 100.01 to be applied is greater than the amount 100.00 remaining on",
        ),
        ("creditMemo", 100.01, "apply.items[0].amount", "The amount 100.01 to be applied is greater than the amount 100.00 remaining on"),
        ("customerPayment", 90.0, "apply", "You cannot apply 90.00: only 80.00 is available to be applied."),
        ("creditMemo", 90.0, "apply", "You cannot apply 90.00: only 80.00 is available to be applied."),
    ],
)
def test_more_than_there_is_is_refused_by_create_and_by_update(ns: Account, kind: str, amount: float, path: str, text: str) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    apply = {"items": [{"doc": {"id": invoice}, "apply": True, "amount": amount}]}
    has = 200 if amount > 100 else 80
    body: dict[str, Any] = {"customer": customer, "payment": has}
    if kind == "creditMemo":
        body = {"entity": customer, "item": {"items": [{"item": item, "amount": has}]}}
    refused = ns.record("POST", kind, {**body, "externalId": "Z1", "apply": apply})
    assert error_of(refused)[:2] == (400, "USER_ERROR") and text in error_of(refused)[2] and path_of(refused) == path
    assert ns.record("GET", f"{kind}/eid:Z1").status_code == 404
    number = ns.create(kind, body)
    refused = ns.record("PATCH", f"{kind}/{number}", {"apply": apply})
    assert text in error_of(refused)[2] and path_of(refused) == path
    assert ns.get(f"invoice/{invoice}")["amountRemaining"] == 100


def test_money_moves_between_documents_in_one_update(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    first, second = ns.invoice(customer, item), ns.invoice(customer, item)
    for kind, number in (
        ("customerPayment", ns.payment(customer, 50, (first, 50))),
        ("creditMemo", credit(ns, customer, item, 50, (first, 50))),
    ):
        lines = [{"doc": {"id": first}, "apply": False}, {"doc": {"id": second}, "apply": True, "amount": 50}]
        assert ns.record("PATCH", f"{kind}/{number}", {"apply": {"items": lines}}).status_code == 204
        applied = ns.whole(f"{kind}/{number}")["apply"]["items"]
        assert [(a["doc"]["id"], a["amount"]) for a in applied] == [(second, 50)]
    assert [ns.get(f"invoice/{i}")["amountRemaining"] for i in (first, second)] == [100, 0]


def test_open_balances_in_bulk(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    memo, payment = credit(ns, customer, item, 30, (invoice, 20)), ns.payment(customer, 50, (invoice, 35))
    refund(ns, customer, (payment, 5))
    found = {
        row.pop("id"): row
        for row in ns.rows(
            "SELECT id, foreignamountunpaid AS due, foreignamountpaid AS paid, foreignpaymentamountunused AS unused,"
            " foreignpaymentamountused AS used FROM transaction WHERE type <> 'CustRfnd'"
        )
    }
    assert found == {
        invoice: {"due": "45", "paid": "55"},
        memo: {"unused": "10", "used": "20"},
        payment: {"unused": "10", "used": "40"},
    }
    links = ns.rows("SELECT previousdoc, previoustype, nexttype, foreignamount FROM nexttransactionlinelink ORDER BY nexttype")
    assert [(x["previousdoc"], x["previoustype"], x["nexttype"], x["foreignamount"]) for x in links] == [
        (invoice, "CustInvc", "CustCred", "20"),
        (invoice, "CustInvc", "CustPymt", "35"),
        (payment, "CustPymt", "CustRfnd", "5"),
    ]


def test_a_refund_of_a_credit_memo_names_the_payment_to_refund(ns: Account) -> None:
    customer, item = ns.customer(custentityzuoraid="acc1"), ns.item()
    payment = ns.payment(customer, 40, custbodyzuoraid="pay1")
    memo = credit(ns, customer, item, 40)
    flags = {"custbodycreatezuorarefund": True, "custbodyzuorarefundpaymentreference": {"id": payment}, "custbodyzuoraadjustmentids": "a,b"}
    assert ns.record("PATCH", f"creditMemo/{memo}", flags, headers=STRICT).status_code == 204
    refunded = refund(ns, customer, (memo, 40), paymentOption={"refName": "Check"}).headers["Location"].rsplit("/", 1)[1]
    row = ns.rows(
        "SELECT r.id, r.custbodyzuoracustomeridpayment AS account, BUILTIN.DF(r.paymentoption) AS method, l.foreignamount AS amount,"
        " m.foreigntotal AS credit, m.custbodycreatezuorarefund AS wanted, p.custbodyzuoraid AS payment, p.foreigntotal AS paid"
        " FROM transaction r JOIN nexttransactionlinelink l ON l.nextdoc = r.id JOIN transaction m ON m.id = l.previousdoc"
        " LEFT JOIN transaction p ON p.id = m.custbodyzuorarefundpaymentreference WHERE r.type = 'CustRfnd'"
    )
    expected = {"account": "acc1", "method": "Check", "amount": "40", "credit": "-40", "wanted": "T", "payment": "pay1", "paid": "40"}
    assert row == [{"id": refunded, **expected}]


def test_a_payment_applied_to_a_journal_is_told_apart(ns: Account) -> None:
    customer = ns.customer()
    lines = [{"account": "3", "debit": 10, "entity": customer}, {"account": "7", "credit": 10}]
    journal = ns.create("journalEntry", {"subsidiary": "2", "line": {"items": lines}})
    payment = ns.payment(customer, 15, (journal, 4), (ns.invoice(customer, ns.item()), 5))
    kinds = ns.rows("SELECT previoustype FROM nexttransactionlinelink WHERE nextdoc = ? ORDER BY previoustype", payment)
    assert [k["previoustype"] for k in kinds] == ["CustInvc", "Journal"]
    more = {"apply": {"items": [{"doc": {"id": journal}, "apply": True, "amount": 10.01}]}}
    assert "remaining" in error_of(ns.record("PATCH", f"customerPayment/{payment}", more))[2]
    gone = {"apply": {"items": [{"doc": {"id": journal}, "apply": False}]}}
    assert ns.record("PATCH", f"customerPayment/{payment}", gone).status_code == 204
    assert ns.get(f"customerPayment/{payment}")["unapplied"] == 10


# orders and customers


def test_rate_plan_lines_of_an_order(ns: Account) -> None:
    customer = ns.customer(custentityzuoraid="acc1")
    plan = ns.item("Plan", custitemzuoraid="plan1", custitemzuoratype="RATE_PLAN")
    lines = {"items": [{"item": plan, "rate": 10, "quantity": 3}, {"item": ns.item("Other"), "amount": 5}]}
    fields = {
        "custbodysendtozuora": True,
        "custbodyzuoraautorenew": True,
        "custbodyzuorainitialterm": "12",
        "custbodyzuoratermsetting": "TERMED",
    }
    dates = {"custbodyzuoracontracteffectivedate": "2026-02-01"}
    order = ns.create("salesOrder", {"entity": customer, "item": lines, **fields, **dates})
    rows = ns.rows(
        "SELECT t.tranid, t.custbodyzuoracustomeridsales AS account, t.custbodysendtozuora AS send, t.custbodyzuoraautorenew AS renew,"
        " TO_CHAR(t.custbodyzuoracontracteffectivedate, 'YYYY-MM-DD') AS start, tl.custcolzuoraitemid AS plan, i.custitemzuoratype AS kind"
        " FROM transaction t JOIN transactionline tl ON tl.transaction = t.id JOIN item i ON i.id = tl.item"
        " WHERE t.type = 'SalesOrd' AND tl.mainline = 'F' AND tl.taxline = 'F' AND tl.custcolzuoraitemid IS NOT NULL"
    )
    number = ns.get(f"salesOrder/{order}")["tranId"]
    common = {"tranid": number, "account": "acc1", "send": "T", "renew": "T", "start": "2026-02-01"}
    assert rows == [{**common, "plan": "plan1", "kind": "RATE_PLAN"}]
    shown = ns.whole(f"salesOrder/{order}")["item"]["items"]
    assert [line.get("custcolzuoraitemid") for line in shown] == ["plan1", None]
    assert ns.rows("SELECT id, status FROM transaction WHERE status = 'SalesOrd:F'") == [{"id": order, "status": "F"}]
    closed = {"item": {"items": [{"line": n, "isClosed": True} for n in (1, 2)]}}
    assert ns.record("PATCH", f"salesOrder/{order}", closed).status_code == 204
    assert ns.rows("SELECT id FROM transaction WHERE status IN ('SalesOrd:C', 'SalesOrd:H')") == [{"id": order}]


def test_customers_with_their_default_addresses_in_one_query(ns: Account) -> None:
    address = {"addressee": "Ann Lee", "addr1": "1 Main St", "city": "Austin", "state": "TX", "zip": "78701", "country": {"id": "US"}}
    book = [{"defaultBilling": True, "label": "Bill", "addressBookAddress": address}]
    book += [{"defaultShipping": True, "label": "Ship", "addressBookAddress": {**address, "addressee": "Bo Ek"}}]
    customer = ns.customer(custentitysendtozuora=True, custentityzuorabatch={"refName": "Batch7"}, terms="3", addressBook={"items": book})
    lead = ns.customer(companyName="Lead", custentitysendtozuora=True, entityStatus={"id": "7"})
    query = (
        "SELECT c.id, c.entityid, c.searchstage AS stage, BUILTIN.DF(c.custentityzuorabatch) AS batch, BUILTIN.DF(c.terms) AS terms,"
        " BUILTIN.DF(c.currency) AS currency, b.defaultbilling AS billing, a.addressee, a.zip, a.country"
        " FROM customer c LEFT JOIN customeraddressbook b ON b.entity = c.id"
        " LEFT JOIN customeraddressbookentityaddress a ON a.nkey = b.addressbookaddress"
        " WHERE c.custentitysendtozuora = 'T' AND c.isinactive = 'F' ORDER BY c.id, b.internalid"
    )
    rows = ns.rows(query)
    assert [(r["id"], r["stage"], r.get("billing"), r.get("addressee")) for r in rows] == [
        (customer, "Customer", "T", "Ann Lee"),
        (customer, "Customer", "F", "Bo Ek"),
        (lead, "Lead", None, None),
    ]
    assert (rows[0]["batch"], rows[0]["terms"], rows[0]["zip"], rows[0]["country"]) == ("Batch7", "Net 30", "78701", "US")
    items = ns.whole(f"customer/{customer}")["addressBook"]["items"]
    assert [i["addressBookAddress"]["addressee"] for i in items] == ["Ann Lee", "Bo Ek"]
    assert ns.get(f"customer/{lead}")["searchStage"] == "Lead"
    ns.clock.forward(minutes=3)
    ns.record("PATCH", f"customer/{customer}", {"addressBook": {"items": [{"id": 1, "addressBookAddress": {"city": "Dallas"}}]}})
    modified = "SELECT id FROM customer WHERE lastmodifieddate > TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')"
    assert ns.rows(modified, "2026-02-15 10:02:59") == [{"id": customer}]


LINK = "previousdoc previousline previoustype nextdoc nextline nexttype linktype foreignamount lastmodifieddate"
COLUMNS = {
    "transaction": "id tranid transactionnumber externalid type recordtype abbrevtype entity trandate duedate status posting postingperiod"
    " voided memo otherrefnum currency exchangerate foreigntotal foreignamountpaid foreignamountunpaid foreignpaymentamountused"
    " foreignpaymentamountunused terms account approvalstatus createddate createdby lastmodifieddate subsidiary class department location"
    " source custbodyzuoraid custbodyzuoratype custbodyzuoraorigin custbodyzuoraintegrationstatus custbodyzuorasyncupdates"
    " custbodyzuoracustomeridpayment custbodyzuoracustomeridsales custbodyzuorarelatedtransaction custbodyzuorapaymentreferenceid",
    "transactionline": "transaction id linesequencenumber uniquekey mainline taxline accountinglinetype item itemtype quantity rate"
    " netamount foreignamount foreignamountpaid foreignamountunpaid memo entity class department location subsidiary createdfrom"
    " expenseaccount isclosed revrecstartdate revrecenddate custcolzuoraitemid custcolzuoraid custcolzuoraservicestartdate2",
    "transactionaccountingline": "transaction transactionline accountingbook account amount debit credit netamount amountpaid amountunpaid"
    " paymentamountused paymentamountunused posting",
    "nexttransactionlinelink": LINK,
    "previoustransactionlinelink": LINK,
    "customer": "id entityid externalid companyname altname firstname lastname isperson email phone isinactive subsidiary currency terms"
    " category parent datecreated lastmodifieddate custentityzuoraid custentityzuoraintegrationstatus custentitysendtozuora",
    "entity": "id entityid externalid type altname email isinactive",
    "contact": "id entityid externalid firstname lastname email company isinactive lastmodifieddate",
    "item": "id itemid externalid fullname displayname itemtype subtype incomeaccount deferredrevenueaccount isinactive lastmodifieddate",
    "account": "id acctnumber acctname accountsearchdisplayname fullname accttype externalid isinactive parent",
    "subsidiary": "id name fullname externalid currency country isinactive iselimination parent",
    "currency": "id name symbol exchangerate isinactive isbasecurrency",
    "classification": "id name fullname externalid parent isinactive subsidiary",
    "department": "id name fullname externalid parent isinactive subsidiary",
    "location": "id name fullname externalid parent isinactive subsidiary",
    "term": "id name daysuntilnetdue isinactive",
    "paymentmethod": "id name isinactive",
    "salestaxitem": "id itemid name taxtype isinactive",
    "accountingperiod": "id periodname startdate enddate closed isposting isyear isquarter alllocked arlocked",
}


@pytest.mark.parametrize("table", COLUMNS)
def test_documented_columns_can_be_read(ns: Account, table: str) -> None:
    assert ns.query(f"SELECT {', '.join(COLUMNS[table].split())} FROM {table}").status_code == 200


# features that are off


@pytest.fixture(scope="module")
def plain() -> Iterator[Account]:
    """An account with one company and one currency."""
    private, public = new_key_pair()
    clock = Clock()
    options = NetSuiteOptions(certificate_public_key=public, clock=clock, one_world=False, multiple_currencies=False)
    stand_in = NetSuiteStandIn(options)
    with LoopbackServer(Control(stand_in)) as server:
        account = Account(stand_in, server.url, clock, private)
        account.log_in()
        yield account


def test_one_company_and_one_currency(plain: Account) -> None:
    customer = plain.create("customer", {"companyName": "Acme"})
    item = plain.create("serviceSaleItem", {"itemId": "Seats", "taxSchedule": "1"})
    invoice = plain.invoice(customer, item, 100)
    payment = plain.payment(customer, 60, (invoice, 60))
    memo = credit(plain, customer, item, 40, (invoice, 40))
    assert plain.get(f"invoice/{invoice}")["status"]["id"] == "B"
    rows = plain.rows("SELECT id, foreignamountunpaid AS due, foreignpaymentamountunused AS unused FROM transaction ORDER BY id")
    assert rows == [{"id": invoice, "due": "0"}, {"id": payment, "unused": "0"}, {"id": memo, "unused": "0"}]
    for name in ("subsidiary", "currency"):
        refused = plain.record("POST", "customer", {"companyName": name, name: {"id": "1"}}, headers=STRICT)
        assert (refused.status_code, path_of(refused)) == (400, name)
    assert plain.query("SELECT id FROM subsidiary").status_code == 400
    assert plain.record("GET", "subsidiary/1").status_code == 404

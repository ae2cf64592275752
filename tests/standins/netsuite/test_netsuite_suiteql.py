"""SuiteQL: the dialect, the values, the tables and their errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.effort import calls_of
from tests.standins.netsuite.account import Account, error_of

PREFIX = "Invalid search query. Detailed unprocessed description follows. "


def test_answer_has_the_documented_form(ns: Account) -> None:
    number = ns.customer(externalId="ZACC-1")
    body = ns.query("SELECT id, ExternalID AS Ext, isperson, phone FROM Customer WHERE externalid = ?", "ZACC-1").json()
    assert body["items"] == [{"links": [], "id": number, "ext": "ZACC-1", "isperson": "F"}]
    assert {k: body[k] for k in ("count", "hasMore", "offset", "totalResults")} == {
        "count": 1,
        "hasMore": False,
        "offset": 0,
        "totalResults": 1,
    }


def test_prefer_transient_is_required(ns: Account) -> None:
    answer = ns.call("POST", "query/v1/suiteql", {"q": "SELECT id FROM customer"})
    assert answer.status_code == 400 and answer.json()["o:errorDetails"][0]["o:errorHeader"] == "Prefer"


@pytest.mark.parametrize(
    "body", [{}, {"q": ""}, {"q": 5}, {"q": "SELECT id FROM term", "params": "x"}, {"q": "SELECT 1 FROM dual", "x": 1}]
)
def test_malformed_bodies_are_refused(ns: Account, body: dict[str, Any]) -> None:
    answer = ns.call("POST", "query/v1/suiteql", body, headers={"Prefer": "transient"})
    assert error_of(answer)[:2] == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT id FROM planets", "Invalid search type: planets."),
        (
            "SELECT nope FROM customer",
            "Search error occurred: Unknown identifier 'nope'. Available identifiers are: {customer=customer}",
        ),
        ("SELECT c.total FROM customer c", "Search error occurred: Unknown identifier 'c.total'. Available identifiers are: {c=customer}"),
        ("SELECT balance FROM customer", "Search error occurred: Unknown identifier 'balance'."),
        ("SELECT id FROM customer LIMIT 5", "Search error occurred: Invalid or unsupported search."),
        ("WITH x AS (SELECT id FROM customer) SELECT id FROM x", "Search error occurred: Invalid or unsupported search."),
        ("SELECT [id] FROM customer", "Search error occurred: Invalid or unsupported search."),
        ("SELECT a.id FROM customer a, contact b WHERE a.id = b.company(+)", "Search error occurred: Invalid or unsupported search."),
        ("DELETE FROM customer", "Search error occurred: Invalid or unsupported search."),
        ("SELECT id FROM", "Search error occurred: Invalid or unsupported search."),
        ("SELECT SLEEP(5) FROM customer", "Search error occurred: Invalid or unsupported search."),
        ("SELECT id FROM customer; SELECT id FROM item", "Search error occurred: Invalid or unsupported search."),
        ("SELECT id FROM transaction WHERE trandate > '2026-01-31'", "Search error occurred: Invalid or unsupported search."),
    ],
)
def test_queries_outside_the_dialect_are_refused(ns: Account, query: str, text: str) -> None:
    answer = ns.query(query)
    status, code, detail = error_of(answer)
    assert (status, code) == (400, "INVALID_PARAMETER") and detail.startswith(PREFIX + text)
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == "q"


def test_in_lists_take_a_thousand_arguments(ns: Account) -> None:
    ns.customer()
    marks = ",".join("?" * 1000)
    assert ns.query(f"SELECT id FROM customer WHERE id IN ({marks})", *range(1000, 2000)).json()["count"] == 1
    assert "at most 1000" in error_of(ns.query(f"SELECT id FROM customer WHERE id IN ({marks},?)", *range(1000, 2001)))[2]
    literals = ",".join(f"'{n}'" for n in range(1001))
    assert "at most 1000" in error_of(ns.query(f"SELECT id FROM customer WHERE externalid IN ({literals})"))[2]


def test_number_of_parameters_must_fit(ns: Account) -> None:
    assert "2 bind markers, but 1 parameters" in error_of(ns.query("SELECT id FROM customer WHERE id IN (?, ?)", 1))[2]


def test_parameters_beside_dates_must_be_dates(ns: Account) -> None:
    query = "SELECT id FROM transaction WHERE trandate BETWEEN ? AND ?"
    assert "does not match the format" in error_of(ns.query(query, "1/1/2026", "2026-01-31"))[2]
    ns.invoice(ns.customer(), ns.item())
    assert len(ns.rows(query, "1/1/2026", "1/31/2026")) == 1


def test_question_marks_in_quotes_are_text(ns: Account) -> None:
    ns.customer(companyName="Why?")
    assert ns.rows("SELECT companyname FROM customer WHERE companyname = 'Why?' AND id > ?", 1) == [{"companyname": "Why?"}]


def test_values_with_quotes_are_safe_as_parameters(ns: Account) -> None:
    ns.customer(companyName="O'Neil; --")
    assert len(ns.rows("SELECT id FROM customer WHERE companyname = ?", "O'Neil; --")) == 1
    assert len(ns.rows("SELECT id FROM customer WHERE companyname = 'O''Neil; --'")) == 1


def test_pages(ns: Account) -> None:
    ns.load({"customer": [{"companyName": f"C{n}", "subsidiary": 2} for n in range(25)]})
    query = "SELECT id FROM customer ORDER BY id"
    second = ns.query(query, page="?limit=10&offset=10").json()
    assert (second["count"], second["hasMore"], second["totalResults"]) == (10, True, 25)
    assert {link["rel"] for link in second["links"]} == {"self", "next", "prev", "first", "last"}
    last = ns.query(query, page="?limit=10&offset=20").json()
    assert (last["count"], last["hasMore"], last["totalResults"]) == (5, False, 25)
    for page in ("?limit=1001", "?limit=0", "?limit=10&offset=5", "?limit=x", "?offset=-10"):
        assert error_of(ns.query(query, page=page))[1] == "INVALID_PARAMETER", page


def test_invoice_in_the_tables(ns: Account) -> None:
    customer, item = ns.customer(custentityzuoraid="acc"), ns.item(custitemzuoraid="charge")
    invoice = ns.invoice(customer, item, 100, 20.5, externalId="ZINV-1", tranId="INV-9", custbodyzuoraid="zi", memo="m")
    ns.payment(customer, 30, (invoice, 30))
    row = ns.rows(
        "SELECT id, tranid, externalid, type, recordtype, entity, status, posting, voided, currency, exchangerate, foreigntotal,"
        " foreignamountpaid, foreignamountunpaid, postingperiod, custbodyzuoraid, custbodyzuoracustomeridsales"
        " FROM transaction WHERE externalid = ?",
        "ZINV-1",
    )
    assert row == [
        {
            "id": invoice,
            "tranid": "INV-9",
            "externalid": "ZINV-1",
            "type": "CustInvc",
            "recordtype": "invoice",
            "entity": customer,
            "status": "A",
            "posting": "T",
            "voided": "F",
            "currency": "1",
            "exchangerate": "1",
            "foreigntotal": "120.5",
            "foreignamountpaid": "30",
            "foreignamountunpaid": "90.5",
            "postingperiod": ns.get(f"invoice/{invoice}")["postingPeriod"]["id"],
            "custbodyzuoraid": "zi",
            "custbodyzuoracustomeridsales": "acc",
        }
    ]
    lines = ns.rows(
        "SELECT tl.transaction, tl.id, tl.linesequencenumber, tl.mainline, tl.item, tl.quantity, tl.rate, tl.foreignamount,"
        " tl.custcolzuoraitemid FROM transactionline tl WHERE tl.transaction IN (?, ?) ORDER BY tl.linesequencenumber",
        invoice,
        "1",
    )
    assert [(r["id"], r["mainline"], r["foreignamount"]) for r in lines] == [("0", "T", "120.5"), ("1", "F", "-100"), ("2", "F", "-20.5")]
    assert lines[2]["custcolzuoraitemid"] == "charge" and lines[1]["quantity"] == "-1"


def test_accounting_lines_balance(ns: Account) -> None:
    customer = ns.customer()
    item = ns.item(isTaxable=True)
    invoice = ns.invoice(customer, item, 100, isTaxable=True, taxItem={"refName": "Sales Tax 8%"})
    ns.payment(customer, 50, (invoice, 50))
    totals = ns.rows("SELECT transaction, SUM(amount) AS s, COUNT(*) AS n FROM transactionaccountingline GROUP BY transaction")
    assert [(r["s"], r["n"]) for r in totals] == [("0", "3"), ("0", "2")]
    tax = ns.rows("SELECT foreignamount FROM transactionline WHERE taxline = 'T'")
    assert tax == [{"foreignamount": "-8"}]


def test_signs_follow_the_main_line(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    memo = ns.create("creditMemo", {"entity": customer, "item": {"items": [{"item": item, "amount": 30}]}})
    payment = ns.payment(customer, 20)
    apply = {"items": [{"doc": payment, "apply": True, "amount": 5}]}
    ns.create("customerRefund", {"customer": customer, "account": "1", "apply": apply})
    found = ns.rows("SELECT type, foreigntotal, foreignpaymentamountunused AS unused FROM transaction ORDER BY id")
    assert found == [
        {"type": "CustCred", "foreigntotal": "-30", "unused": "30"},
        {"type": "CustPymt", "foreigntotal": "20", "unused": "15"},
        {"type": "CustRfnd", "foreigntotal": "-5"},
    ]
    assert ns.rows("SELECT foreignamount FROM transactionline WHERE transaction = ? AND mainline = 'F'", memo) == [{"foreignamount": "30"}]


def test_application_links(ns: Account) -> None:
    customer = ns.customer()
    invoice = ns.invoice(customer, ns.item())
    payment = ns.payment(customer, 50, (invoice, 40))
    query = (
        "SELECT l.previousdoc AS invoice, l.nextdoc AS payment, l.foreignamount, l.linktype, l.previoustype, l.nexttype"
        " FROM nexttransactionlinelink l INNER JOIN transaction p ON p.id = l.nextdoc"
        " WHERE l.previousdoc IN (?, ?) AND p.type IN ('CustPymt','CustCred','DepAppl')"
    )
    expected = {"invoice": invoice, "payment": payment, "foreignamount": "40", "linktype": "Payment"}
    assert ns.rows(query, invoice, 5) == [{**expected, "previoustype": "CustInvc", "nexttype": "CustPymt"}]
    ns.record("PATCH", f"customerPayment/{payment}", {"apply": {"items": [{"doc": invoice, "apply": False}]}})
    assert ns.rows(query, invoice, 5) == []


def test_changes_and_deletions_are_seen_at_once(ns: Account) -> None:
    customer = ns.customer()
    query = "SELECT email FROM customer WHERE id = ?"
    assert ns.rows(query, customer) == [{}]
    ns.record("PATCH", f"customer/{customer}", {"email": "a@b.example"})
    assert ns.rows(query, customer) == [{"email": "a@b.example"}]
    ns.record("DELETE", f"customer/{customer}")
    assert ns.rows(query, customer) == []


def test_dates_are_shown_in_the_account_format_unless_wrapped(ns: Account) -> None:
    ns.invoice(ns.customer(), ns.item())
    row = ns.rows(
        "SELECT trandate, TO_CHAR(trandate,'YYYY-MM-DD') AS d, TO_CHAR(lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS lm FROM transaction"
    )
    assert row == [{"trandate": "1/31/2026", "d": "2026-01-31", "lm": "2026-02-15 10:00:00"}]


def test_times_are_in_the_account_zone(ns: Account) -> None:
    ns.options.time_zone = "America/Los_Angeles"
    invoice = ns.invoice(ns.customer(), ns.item())
    query = "SELECT TO_CHAR(lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS lm, TO_CHAR(SYSDATE,'HH24:MI') AS now FROM transaction"
    assert ns.rows(query) == [{"lm": "2026-02-15 02:00:00", "now": "02:00"}]
    assert ns.get(f"invoice/{invoice}")["lastModifiedDate"] == "2026-02-15T10:00:00Z"


def test_the_clock_of_an_account_repeats_an_hour_in_autumn(ns: Account) -> None:
    ns.options.time_zone = "America/Los_Angeles"
    for hour in (8, 9):
        ns.clock.now = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
        ns.log_in()
        ns.invoice(ns.customer(companyName=f"Acme {hour}"), ns.item(f"Licence {hour}"))
    rows = ns.rows("SELECT TO_CHAR(lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS lm FROM transaction ORDER BY id")
    assert rows == [{"lm": "2026-11-01 01:30:00"}] * 2


@pytest.mark.parametrize(
    ("condition", "hits"),
    [
        ("trandate = TO_DATE('2026-01-31','YYYY-MM-DD')", 1),
        ("trandate > TO_DATE('2026-01-31','YYYY-MM-DD')", 0),
        ("trandate BETWEEN '1/1/2026' AND '1/31/2026'", 1),
        ("trandate > SYSDATE - 30", 1),
        ("trandate > TRUNC(SYSDATE) - 10", 0),
        ("ADD_MONTHS(trandate, 1) = TO_DATE('2026-02-28','YYYY-MM-DD')", 1),
        ("lastmodifieddate >= TO_TIMESTAMP('2026-02-15 10:00:00','YYYY-MM-DD HH24:MI:SS')", 1),
        ("lastmodifieddate > TO_TIMESTAMP('2026-02-15 10:00:00','YYYY-MM-DD HH24:MI:SS')", 0),
        ("status = 'CustInvc:A'", 1),
        ("status = 'A'", 0),
        ("status IN ('CustInvc:A', 'CustInvc:B')", 1),
        ("NOT status = 'CustInvc:B'", 1),
        ("tranid LIKE 'INV%' AND externalid IS NULL", 1),
        ("tranid LIKE 'inv%'", 0),
        ("NVL(memo, 'none') = 'none' OR 1 = 2", 1),
        ("UPPER(recordtype) = 'INVOICE' AND foreigntotal > 99.99", 1),
        ("EXISTS (SELECT 1 FROM transactionline l WHERE l.transaction = transaction.id AND l.mainline = 'F')", 1),
    ],
)
def test_conditions(ns: Account, condition: str, hits: int) -> None:
    ns.invoice(ns.customer(), ns.item())
    assert len(ns.rows(f"SELECT id FROM transaction WHERE {condition}")) == hits


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 1", "2"),
        ("5 / 2", "2.5"),
        ("0.1 + 0.2", "0.3"),
        ("'a' || NULL || 'b'", "ab"),
        ("CASE WHEN 1 = 1 THEN 'yes' ELSE 'no' END", "yes"),
        ("DECODE(2, 1, 'a', 2, 'b')", "b"),
        ("SUBSTR('abcdef', 2, 3)", "bcd"),
        ("INSTR('abc', 'c')", "3"),
        ("LPAD('7', 3, '0')", "007"),
        ("ROUND(2.567, 2)", "2.57"),
        ("TRUNC(2.9)", "2"),
        ("TO_NUMBER('12.50')", "12.5"),
        ("TO_CHAR(TO_DATE('03/04/2026','DD/MM/YYYY'),'DD-MON-YYYY')", "03-APR-2026"),
        ("TO_DATE('2026-04-03','YYYY-MM-DD') - TO_DATE('2026-04-01','YYYY-MM-DD')", "2"),
        ("LAST_DAY(TO_DATE('2026-02-03','YYYY-MM-DD'))", "2/28/2026"),
        ("REPLACE('a-b', '-', '')", "ab"),
        ("COALESCE(NULL, 'x')", "x"),
    ],
)
def test_functions(ns: Account, expression: str, value: str) -> None:
    assert ns.rows(f"SELECT {expression} AS v FROM dual") == [{"v": value}]


def test_display_values(ns: Account) -> None:
    ns.invoice(ns.customer(terms="3"), ns.item())
    row = ns.rows(
        "SELECT BUILTIN.DF(entity) AS e, BUILTIN.DF(currency) AS c, BUILTIN.DF(status) AS s, BUILTIN.DF(type) AS t,"
        " BUILTIN.DF(posting) AS p, BUILTIN.DF(terms) AS n, BUILTIN.DF(postingperiod) AS m FROM transaction"
    )
    assert row == [
        {"e": "CUST1001 Acme", "c": "US Dollar", "s": "Invoice : Open", "t": "Invoice", "p": "Yes", "n": "Net 30", "m": "Jan 2026"}
    ]


def test_grouping_ordering_and_limits(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    for amount in (10, 20, 30):
        ns.invoice(customer, item, amount)
    ns.payment(customer, 5)
    assert ns.rows("SELECT type, COUNT(*), SUM(foreigntotal) AS total FROM transaction GROUP BY type HAVING COUNT(*) > 1") == [
        {"type": "CustInvc", "expr1": "3", "total": "60"}
    ]
    assert [r["foreigntotal"] for r in ns.rows("SELECT foreigntotal FROM transaction ORDER BY id DESC FETCH FIRST 2 ROWS ONLY")] == [
        "5",
        "30",
    ]
    assert len(ns.rows("SELECT id FROM transaction WHERE type = 'CustInvc' AND ROWNUM <= 2")) == 2
    top = ns.rows("SELECT * FROM (SELECT foreigntotal FROM transaction ORDER BY foreigntotal DESC) WHERE ROWNUM < 2")
    assert top == [{"foreigntotal": "30"}]
    assert ns.rows("SELECT DISTINCT entity FROM transaction") == [{"entity": customer}]


def test_rownum_counts_before_sorting(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    for amount in (10, 30, 20):
        ns.invoice(customer, item, amount)
    rows = ns.rows("SELECT foreigntotal FROM transaction WHERE ROWNUM <= 2 ORDER BY foreigntotal DESC")
    assert [r["foreigntotal"] for r in rows] == ["30", "10"]


def test_keyset_reading_sees_each_row_once(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    for n in range(7):
        ns.invoice(customer, item, n)
        ns.clock.forward(seconds=n % 2)
    query = (
        "SELECT t.id, TO_CHAR(t.lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS lm FROM transaction t WHERE t.type IN ('CustInvc')"
        " AND (t.lastmodifieddate > TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')"
        " OR (t.lastmodifieddate = TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS') AND t.id > ?)) ORDER BY t.lastmodifieddate, t.id"
    )
    seen, at = [], ("2026-01-01 00:00:00", "0")
    for _ in range(7):
        page = ns.query(query, at[0], at[0], at[1], page="?limit=2").json()["items"]
        seen += [row["id"] for row in page]
        if not page:
            break
        at = (page[-1]["lm"], page[-1]["id"])
    assert len(seen) == len(set(seen)) == 7


def test_reference_tables(ns: Account) -> None:
    def one(query: str) -> dict[str, str]:
        return ns.rows(query)[0]

    assert one("SELECT id, fullname FROM location WHERE name = 'Eastern'") == {"id": "3", "fullname": "Americas : North America : Eastern"}
    assert one("SELECT id, symbol, isbasecurrency FROM currency WHERE symbol = 'EUR'") == {
        "id": "2",
        "symbol": "EUR",
        "isbasecurrency": "F",
    }
    assert one("SELECT daysuntilnetdue AS d, isinactive FROM term WHERE name = 'Net 30'") == {"d": "30", "isinactive": "F"}
    assert one("SELECT name FROM taxschedule WHERE id = 1") == {"name": "Standard"}
    assert one("SELECT COUNT(*) AS n FROM paymentmethod WHERE isinactive = 'F'") == {"n": "9"}
    assert one("SELECT COUNT(*) AS n FROM accountingperiod WHERE isyear = 'F' AND isquarter = 'F'") == {"n": "156"}
    assert one("SELECT fullname FROM account WHERE acctname = 'Recurring'") == {"fullname": "Subscription Revenue : Recurring"}
    assert one("SELECT fullname, currency FROM subsidiary WHERE id = 3") == {
        "fullname": "Parent Company : Europe Operations",
        "currency": "2",
    }
    assert one("SELECT itemid, taxtype FROM salestaxitem WHERE id = 2") == {"itemid": "Sales Tax 8%", "taxtype": "1"}
    assert len(ns.rows("SELECT name FROM revrectemplate WHERE isinactive = 'F'")) == 3


def test_address_tables(ns: Account) -> None:
    address = {"label": "Bill", "defaultBilling": True, "addressBookAddress": {"addressee": "Acme", "addr1": "Main St. 1", "country": "US"}}
    customer = ns.customer(addressBook={"items": [address]})
    query = (
        "SELECT b.label, b.defaultbilling, b.defaultshipping, a.addressee, a.addr1, a.country FROM customeraddressbook b"
        " JOIN customeraddressbookentityaddress a ON a.nkey = b.addressbookaddress WHERE b.entity = ?"
    )
    row = {"label": "Bill", "defaultbilling": "T", "defaultshipping": "F", "addressee": "Acme", "addr1": "Main St. 1", "country": "US"}
    assert ns.rows(query, customer) == [row]


def test_look_ups_of_a_thousand_keys_are_fast(ns: Account) -> None:
    customer, item = ns.customer(externalId="C"), ns.item(externalId="I")
    lines = [{"item": {"id": item}, "amount": 1}, {"item": {"id": item}, "amount": 2}]
    rows = [
        {
            "externalId": f"ZINV-{n}",
            "entity": {"id": customer},
            "tranDate": "2026-01-31",
            "item": {"items": lines},
            "custbodyzuoraid": f"z{n}",
        }
        for n in range(2000)
    ]
    assert ns.load({"invoice": rows}).status_code == 200
    marks = ",".join("?" * 1000)
    engine = ns.stand_in.engine

    def calls(column: str, table: str, keys: list[Any]) -> int:
        engine.query(f"SELECT {column} FROM {table} WHERE {column} IN (?)", [keys[0]], 1000, 0)
        found: list[Any] = []
        query = f"SELECT {column} FROM {table} WHERE {column} IN ({marks})"
        count = calls_of(lambda: found.extend(engine.query(query, keys, 1000, 0)[0]))
        assert len(found) >= 1000 or table == "transactionline"
        return count

    limit = 10 * 1000
    assert calls("externalid", "transaction", [f"ZINV-{n}" for n in range(1000)]) < limit
    assert calls("custbodyzuoraid", "transaction", [f"z{n}" for n in range(1000)]) < limit
    assert calls("transaction", "transactionline", list(range(1000001, 1001001))) < limit


DELETED = "SELECT d.recordid, d.type, TO_CHAR(d.deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS gone FROM deletedrecord d WHERE d.recordid = ?"


def test_a_deleted_record_is_told_until_the_account_is_reset(ns: Account) -> None:
    number = ns.customer(externalId="ZACC-1")
    assert ns.query(DELETED, number).json()["items"] == []
    assert ns.call("DELETE", f"record/v1/customer/{number}").status_code == 204
    (row,) = ns.query(DELETED, number).json()["items"]
    assert (row["recordid"], row["type"]) == (number, "Customer")
    since = "SELECT d.recordid FROM deletedrecord d WHERE d.deleteddate >= TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')"
    assert [r["recordid"] for r in ns.query(since, row["gone"]).json()["items"]] == [number]


def test_deleted_records_need_a_permission(ns: Account) -> None:
    ns.stand_in.options.deleted_records = False
    ns.stand_in.tenant.catalog.version += 1
    try:
        answer = ns.query("SELECT d.recordid FROM deletedrecord d")
        assert (answer.status_code, error_of(answer)[1]) == (400, "INVALID_PARAMETER")
        assert "Record 'deletedrecord' was not found." in error_of(answer)[2]
    finally:
        ns.stand_in.options.deleted_records = True
        ns.stand_in.tenant.catalog.version += 1


LISTED = [
    ("LISTAGG(companyname, ', ') WITHIN GROUP (ORDER BY id)", "Beta, Acme, Acme"),
    ("LISTAGG(companyname, '/') WITHIN GROUP (ORDER BY id DESC)", "Acme/Acme/Beta"),
    ("LISTAGG(DISTINCT companyname, '/') WITHIN GROUP (ORDER BY companyname)", "Acme/Beta"),
    ("LISTAGG(phone, ';') WITHIN GROUP (ORDER BY companyname DESC, id)", "555-1234567"),
    ("LISTAGG(id) WITHIN GROUP (ORDER BY id)", "101112"),
    ("LISTAGG(fax, ',') WITHIN GROUP (ORDER BY id)", None),
]


@pytest.mark.parametrize(("call", "text"), LISTED)
def test_values_of_a_group_as_one_text(ns: Account, call: str, text: str | None) -> None:
    names = {10: "Beta", 11: "Acme", 12: "Acme"}
    rows = [{"id": n, "companyName": name, "entityId": f"C{n}", "subsidiary": 2} for n, name in names.items()]
    ns.load({"customer": [{**rows[0], "phone": "555-1234567"}, *rows[1:]]})
    found = ns.rows(f"SELECT subsidiary, {call} AS listed FROM customer GROUP BY subsidiary")
    assert [row.get("listed") for row in found] == [text]


@pytest.mark.parametrize("call", ["GROUP_CONCAT(companyname)", "STRING_AGG(companyname, ',')"])
def test_functions_of_other_databases_are_unknown(ns: Account, call: str) -> None:
    assert "Invalid or unsupported search." in error_of(ns.query(f"SELECT {call} FROM customer"))[2]


def test_a_text_of_a_group_has_an_end(ns: Account) -> None:
    ns.load({"customer": [{"companyName": f"{n:080d}", "subsidiary": 2} for n in range(60)]})
    assert "too long" in error_of(ns.query("SELECT LISTAGG(companyname, ',') WITHIN GROUP (ORDER BY id) FROM customer"))[2]

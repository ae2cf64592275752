"""The tables and columns that readers of whole accounts ask for beside those of the connector."""

from __future__ import annotations

import pytest

from sandbox.netsuite import permissions
from tests.standins.netsuite.account import Account, error_of

ADDRESS = {"addr1": "1 Main St", "city": "Austin", "state": "TX", "zip": "78701", "country": {"id": "US"}}
BOOK = {"items": [{"defaultBilling": True, "defaultShipping": True, "addressBookAddress": ADDRESS}]}
READER = {
    "transaction": "abbrevtype approvalstatus billingaddress billingstatus closedate createdby createddate currency customform customtype "
    "daysopen duedate email enddate entity exchangerate foreigntotal id isreversal journaltype lastmodifiedby lastmodifieddate memo "
    "nextapprover nexus number posting postingperiod recordtype shipdate shippingaddress source startdate status terms title trandate "
    "trandisplayname tranid transactionnumber type visibletocustomer void voided",
    "transactionline": "accountinglinetype cleared closedate createdfrom creditforeignamount debitforeignamount department entity "
    "expenseaccount foreignamount hasfulfillableitems id isbillable isclosed iscogs item itemtype kitcomponent linelastmodifieddate "
    "linesequencenumber location mainline memo netamount price quantitybilled quantityshiprecv rate revrecschedule subsidiary taxline "
    "transaction transactiondiscount transactionlinetype uniquekey units",
    "transactionaccountingline": "account accountingbook amount amountlinked amountpaid amountunpaid credit debit exchangerate "
    "lastmodifieddate netamount paymentamountused posting processedbyrevcommit transaction transactionline",
    "transactionshippingaddress": "nkey addressee addr1 city state zip country addrtext",
    "transactionbillingaddress": "nkey addressee addr1 city state zip country addrtext",
    "customer": "id entityid middlename phone mobilephone salesrep pricelevel defaultbillingaddress defaultshippingaddress creditlimit",
    "customersubsidiaryrelationship": "id entity subsidiary isprimarysub primarycurrency",
    "entity": "id altname entitytitle firstname lastname lastmodifieddate phone type",
    "contact": "id firstname middlename lastname title phone company subsidiary",
    "employee": "id entityid firstname lastname email title subsidiary lastmodifieddate",
    "vendor": "id entityid companyname email subsidiary currency lastmodifieddate",
    "item": "id itemid description class createddate incomeaccount isinactive saleunit taxschedule totalquantityonhand averagecost cost "
    "assetaccount subsidiary upccode weight unitstype lastmodifieddate",
    "account": "id acctnumber class department location displaynamewithhierarchy description lastmodifieddate currency sspecacct",
    "accountingperiod": "id periodname startdate enddate closed aplocked arlocked isadjust parent lastmodifieddate closedondate",
    "subsidiary": "id name returnaddress mainaddress legalname email lastmodifieddate",
    "location": "id name mainaddress includechildren lastmodifieddate",
    "locationmainaddress": "nkey addressee addrtext country override recordowner",
    "currency": "id name symbol displaysymbol externalid lastmodifieddate",
    "term": "id name discountpercent preferred",
    "pricelevel": "id name discountpct isonline lastmodifieddate",
}
"""What tap-netsuite-rest and its like select, as far as the features are those of this account."""


@pytest.mark.parametrize("table", READER)
def test_a_reader_may_select_these_columns(ns: Account, table: str) -> None:
    ns.invoice(ns.customer(addressBook=BOOK), ns.item())
    answer = ns.query(f"SELECT {', '.join(READER[table].split())} FROM {table}")
    assert answer.status_code == 200, answer.text
    assert ns.query(f"SELECT * FROM {table}").status_code == 200


def test_addresses_of_documents_and_customers(ns: Account) -> None:
    customer = ns.customer(addressBook=BOOK)
    invoice = ns.invoice(customer, ns.item())
    for kind in ("billing", "shipping"):
        query = f"SELECT a.addr1, a.city, a.country FROM transaction t JOIN transaction{kind}address a ON t.{kind}address = a.nkey"
        assert ns.rows(f"{query} WHERE t.id = ?", invoice) == [{"addr1": "1 Main St", "city": "Austin", "country": "US"}]
        query = f"SELECT a.zip FROM customer c JOIN customeraddressbookentityaddress a ON c.default{kind}address = a.nkey WHERE c.id = ?"
        assert ns.rows(query, customer) == [{"zip": "78701"}]


def test_a_location_is_joined_with_its_address(ns: Account) -> None:
    ns.load({"location": [{"id": 90, "name": "Plant", "subsidiary": {"items": [{"id": 1}]}, "mainAddress": ADDRESS}]})
    query = "SELECT location.id, ma.city FROM location INNER JOIN locationMainAddress ma ON (location.mainaddress = ma.nkey)"
    assert ns.rows(query) == [{"id": "90", "city": "Austin"}]


def test_the_subsidiary_of_a_customer_and_names_of_entities(ns: Account) -> None:
    customer = ns.customer(companyName="Acme")
    (row,) = ns.rows("SELECT subsidiary, isprimarysub, primarycurrency FROM customersubsidiaryrelationship WHERE entity = ?", customer)
    assert row == {"subsidiary": "2", "isprimarysub": "T", "primarycurrency": "1"}
    person = ns.customer(isPerson=True, companyName=None, firstName="Ann", lastName="Lee")
    assert ns.rows("SELECT firstname, lastname, altname FROM entity WHERE id = ?", person) == [
        {"firstname": "Ann", "lastname": "Lee", "altname": "Ann Lee"}
    ]


def test_lines_tell_both_sides_and_when_they_changed(ns: Account) -> None:
    invoice = ns.invoice(ns.customer(), ns.item(), 100)
    rows = ns.rows(
        "SELECT mainline, debitforeignamount, creditforeignamount, linelastmodifieddate FROM transactionline"
        " WHERE transaction = ? ORDER BY id",
        invoice,
    )
    assert [(r["mainline"], r.get("debitforeignamount"), r.get("creditforeignamount")) for r in rows] == [
        ("T", "100", None),
        ("F", None, "100"),
    ]
    assert all(r["linelastmodifieddate"] == "2/15/2026" for r in rows)
    (shown,) = ns.rows("SELECT trandisplayname, tranid FROM transaction WHERE id = ?", invoice)
    assert shown["trandisplayname"] == f"Invoice #{shown['tranid']}"


def test_employees_and_vendors(ns: Account) -> None:
    employee = {"firstName": "Ann", "lastName": "Lee", "subsidiary": {"id": 1}, "email": "ann@example.com"}
    assert "First Name" in error_of(ns.record("POST", "employee", {"lastName": "Lee", "subsidiary": {"id": 1}}))[2]
    assert "Primary Subsidiary" in error_of(ns.record("POST", "vendor", {"companyName": "Supplies"}))[2]
    made = ns.record("POST", "employee", employee)
    number = made.headers["Location"].rsplit("/", 1)[1]
    assert ns.record("POST", "employee", employee).status_code == 400
    assert ns.record("POST", "vendor", {"companyName": "Supplies", "subsidiary": {"id": 1}}).status_code == 204
    assert ns.rows("SELECT entityid, email FROM employee") == [{"entityid": "Ann Lee", "email": "ann@example.com"}]
    assert ns.rows("SELECT entityid FROM vendor") == [{"entityid": "Supplies"}]
    assert {r["type"] for r in ns.rows("SELECT type FROM entity")} == {"Employee", "Vendor"}
    customer = ns.customer(salesRep={"id": number})
    assert ns.rows("SELECT BUILTIN.DF(salesrep) AS name FROM customer WHERE id = ?", customer) == [{"name": "Ann Lee"}]
    assert error_of(ns.record("PATCH", f"customer/{customer}", {"salesRep": {"id": 1}}))[1] == "INVALID_CONTENT"


def test_every_record_type_and_table_has_its_permission(ns: Account) -> None:
    assert {kind.name for kind in ns.stand_in.tenant.catalog.types.values()} == set(permissions.RECORDS)
    lists = {name for name in ns.stand_in.engine.tables if name.startswith("customlist")}
    assert set(ns.stand_in.engine.tables) - lists <= set(permissions.TABLES)

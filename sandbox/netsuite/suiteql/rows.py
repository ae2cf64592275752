"""Rows of the query tables, made from records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.netsuite.ledger import ZERO, stage_of
from sandbox.netsuite.output import Renderer, sourced
from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.rules.entities import address_text
from sandbox.netsuite.store import Record, applications
from sandbox.netsuite.suiteql.dates import MARK, mark
from sandbox.netsuite.suiteql.tables import Table

TYPE_CODES = {
    "salesOrder": "SalesOrd",
    "invoice": "CustInvc",
    "creditMemo": "CustCred",
    "customerPayment": "CustPymt",
    "customerRefund": "CustRfnd",
    "customerDeposit": "CustDep",
    "depositApplication": "DepAppl",
    "journalEntry": "Journal",
}
NEGATIVE = ("creditMemo", "customerRefund")
LINK_TYPES = {"source": "DepAppl", "deposit": "DepAppl"}
MAIN_KEY = 1000
TAX_LINE = 999
ENTITY_TYPES = {"customer": "CustJob", "job": "Job", "contact": "Contact", "employee": "Employee", "vendor": "Vendor"}
ADDRESSES = {"billingAddress": 1, "shippingAddress": 2, "mainAddress": 3, "returnAddress": 4}
"""Addresses of a record that are not in an address book, and the last digits of their keys."""
OF_TABLE = {
    "transactionbillingaddress": "billingAddress",
    "transactionshippingaddress": "shippingAddress",
    "locationmainaddress": "mainAddress",
}
Row = dict[str, Any]


class RowMaker:
    """Makes the rows of one table that belong to one record."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.renderer = Renderer(tenant, "")
        self.encoders = encoders(tenant)
        self.habits = tenant.options.habits

    def rows(self, table: Table, record: Record) -> list[tuple[Any, ...]]:
        """Rows in the order of the table's columns, encoded for SQLite."""
        if table.record_types and record.type.name not in table.record_types:
            return []
        names, encode = [c.name for c in table.columns], self.encoders
        found = []
        for row in self._of(table, record):
            values = map(row.get, names)
            found.append(tuple([None if v is None else encode[type(v)](v) for v in values]))
        return found

    def _of(self, table: Table, record: Record) -> Iterator[Row]:
        match table.name:
            case "transaction":
                yield self._transaction(record)
            case "transactionline":
                yield from self._lines(record)
            case "transactionaccountingline":
                yield from self._accounting_lines(record)
            case "nexttransactionlinelink" | "previoustransactionlinelink":
                yield from self._links(record)
            case "deletedrecord":
                if record.values:
                    yield {"id": record.id, **record.values, "deletedby": -5, "iscustomrecord": False, "iscustomtransaction": False}
            case "customeraddressbook" | "customeraddressbookentityaddress":
                yield from self._addresses(record)
            case "transactionbillingaddress" | "transactionshippingaddress" | "locationmainaddress":
                yield from self._address(record, OF_TABLE[table.name])
            case "customersubsidiaryrelationship":
                yield from self._subsidiaries(record)
            case _:
                yield self._plain(record)

    def _plain(self, record: Record) -> Row:
        """Properties under their lower-case names, flags filled in."""
        row = {name.lower(): value for name, value in record.values.items()}
        row |= keys_of_addresses(record)
        row["id"] = record.id
        for flag in ("isinactive", "iselimination", "closed", "isposting", "isyear", "isquarter", "alllocked", "arlocked"):
            row.setdefault(flag, False)
        for flag in self.tenant.catalog.flags(record.type.name):
            row.setdefault(flag, False)
        if record.type.group == "entity":
            names = " ".join(str(v) for v in (row.get("firstname"), row.get("lastname")) if v)
            row["altname"] = row.get("companyname") or names or None
            row["entitytitle"] = f"{row['entityid']} {row['altname']}" if row["altname"] else row["entityid"]
            row |= self._default_addresses(record)
            row["type"] = ENTITY_TYPES[record.type.name]
            row["searchstage"] = stage_of(record)
        if isinstance(row.get("subsidiary"), tuple):
            row["subsidiary"] = ", ".join(str(s) for s in row["subsidiary"])
        return row

    def _transaction(self, record: Record) -> Row:
        kind = record.type.name
        row = {n.lower(): v for n, v in self.renderer.values_of(record).items()}
        row |= keys_of_addresses(record)
        code = TYPE_CODES[kind]
        left = self.tenant.ledger.open_amount(record)
        row.update(
            id=record.id,
            type=code,
            recordtype=kind.lower(),
            abbrevtype=row.get("transactionnumber", code)[:4].rstrip("0123456789") if row.get("transactionnumber") else code,
            entity=record.customer,
            posting=kind != "salesOrder",
            voided=False,
            foreigntotal=total(record),
            createdby=-5,
            lastmodifiedby=-5,
            source="REST Web Services",
            trandisplayname=f"{record.type.title} #{record.values['tranId']}",
            employee=record.values.get("salesRep"),
            void=False,
            visibletocustomer=True,
        )
        row.setdefault("isreversal", False)
        for flag in self.tenant.catalog.flags(record.type.name):
            row.setdefault(flag, False)
        if not self.habits.sourced_in_queries:
            row = {name: value for name, value in row.items() if name not in {f.script_id for f in self.tenant.catalog.sourced(kind)}}
        if not self.habits.ledger_signs:
            row["foreigntotal"] = abs(row["foreigntotal"])
        if kind == "invoice":
            row.update(foreignamountunpaid=left, foreignamountpaid=record.values["total"] - left)
        elif kind in ("creditMemo", "customerPayment", "customerDeposit"):
            row.update(foreignpaymentamountunused=left, foreignpaymentamountused=abs(total(record)) - left)
        return row

    def _lines(self, record: Record) -> Iterator[Row]:
        values = record.values
        shared = {
            "transaction": record.id,
            "entity": record.customer,
            "subsidiary": values.get("subsidiary"),
            "createdfrom": values.get("createdFrom"),
            "isclosed": False,
            "taxline": False,
            "mainline": False,
            "linelastmodifieddate": values.get("lastModifiedDate"),
        }
        rate = values.get("exchangeRate", Decimal(1))
        for row in self._bare_lines(record):
            amount = row.get("foreignamount") or ZERO
            if not self.habits.ledger_signs:
                row |= {name: abs(row[name]) for name in ("foreignamount", "quantity") if row.get(name) is not None}
            sides = {"debitforeignamount": amount if amount > 0 else None, "creditforeignamount": -amount if amount < 0 else None}
            yield {**shared, "netamount": (amount * rate).quantize(Decimal("0.01")), **sides, **row}

    def _bare_lines(self, record: Record) -> Iterator[Row]:
        values, kind = record.values, record.type.name
        if kind == "journalEntry":
            yield from self._journal_lines(record)
            return
        yield self._main_line(record)
        sign = -1 if kind in NEGATIVE else 1
        if "item" in record.lines:
            for position, line in enumerate(record.lines["item"], 1):
                yield self._item_line(line, position, sign, kind)
            if values.get("taxTotal"):
                account = self.tenant.special_account("SalesTaxPay")
                yield {
                    "id": TAX_LINE,
                    "linesequencenumber": len(record.lines["item"]) + 1,
                    "uniquekey": record.id * MAIN_KEY + TAX_LINE,
                    "taxline": True,
                    "accountinglinetype": "TAX",
                    "foreignamount": -sign * values["taxTotal"],
                    "expenseaccount": account,
                }
        else:
            role = "CustDep" if kind == "customerDeposit" else ""
            other = self.tenant.special_account(role) if role else values.get("arAcct")
            row = {"id": 1, "linesequencenumber": 1, "uniquekey": record.id * MAIN_KEY + 1, "expenseaccount": other}
            yield {**row, "accountinglinetype": "" if role else "ACCOUNTSRECEIVABLE", "foreignamount": -total(record)}

    def _main_line(self, record: Record) -> Row:
        values = record.values
        account = values.get("account")
        if record.type.name == "depositApplication":
            account = self.tenant.special_account("CustDep")
        row: Row = {
            "id": 0,
            "linesequencenumber": 0,
            "uniquekey": record.id * MAIN_KEY,
            "mainline": True,
            "accountinglinetype": "ACCOUNTSRECEIVABLE" if "item" in record.lines else "",
            "foreignamount": total(record),
            "memo": values.get("memo"),
            "expenseaccount": account,
            **{n: values.get(n) for n in ("class", "department", "location")},
        }
        if record.type.name == "invoice":
            left = self.tenant.ledger.open_amount(record)
            row.update(foreignamountunpaid=left, foreignamountpaid=values["total"] - left)
        return row

    def _item_line(self, line: Row, position: int, sign: int, kind: str) -> Row:
        row = {name.lower(): value for name, value in line.items()}
        row.update(
            id=line["line"],
            linesequencenumber=position,
            accountinglinetype="INCOME",
            quantity=-sign * line["quantity"],
            foreignamount=-sign * line["amount"],
            expenseaccount=line.get("account"),
            memo=line.get("description"),
            isclosed=bool(line.get("isClosed")),
            deferrevrec=bool(line.get("deferRevRec")),
        )
        for source in self.tenant.catalog.sourced_lines(kind):
            row[source.script_id] = sourced(self.tenant, source.source, line)
        row["class"] = line.get("class")
        return row

    def _journal_lines(self, record: Record) -> Iterator[Row]:
        for position, line in enumerate(record.lines["line"]):
            amount = (line.get("debit") or ZERO) - (line.get("credit") or ZERO)
            yield {
                **{n: line.get(n) for n in ("class", "department", "location", "memo", "item", "uniquekey")},
                "entity": line.get("entity"),
                "id": line["line"],
                "linesequencenumber": position,
                "foreignamount": amount,
                "expenseaccount": line["account"],
            }

    def _accounting_lines(self, record: Record) -> Iterator[Row]:
        if record.type.name == "salesOrder":
            return
        for line in self._lines(record):
            amount = line["netamount"]
            yield {
                "transaction": record.id,
                "transactionline": line["id"],
                "accountingbook": 1,
                "account": line.get("expenseaccount"),
                "amount": amount,
                "debit": amount if amount > 0 else None,
                "credit": -amount if amount < 0 else None,
                "netamount": amount,
                "amountpaid": line.get("foreignamountpaid"),
                "amountunpaid": line.get("foreignamountunpaid"),
                "posting": True,
                "exchangerate": record.values.get("exchangeRate"),
                "lastmodifieddate": record.values.get("lastModifiedDate"),
            }

    def _links(self, record: Record) -> Iterator[Row]:
        shared = {"nextdoc": record.id, "nexttype": TYPE_CODES[record.type.name], "lastmodifieddate": record.values.get("lastModifiedDate")}
        for document, sublist, amount in applications(record):
            yield {
                **shared,
                "previousdoc": document,
                "previousline": 0,
                "previoustype": TYPE_CODES[self.tenant.store.transaction(document).type.name],
                "nextline": 0,
                "linktype": LINK_TYPES.get(sublist, "Payment"),
                "foreignamount": amount,
            }
        for line in record.lines.get("item", ()):
            if line.get("orderDoc"):
                yield {
                    **shared,
                    "previousdoc": line["orderDoc"],
                    "previousline": line.get("orderLine"),
                    "previoustype": "SalesOrd",
                    "nextline": line["line"],
                    "linktype": "OrdBill",
                }

    @staticmethod
    def _address(record: Record, name: str) -> Iterator[Row]:
        """The row of one address of a record."""
        if record.values.get(name):
            address = {part.lower(): value for part, value in record.values[name].items()}
            yield {"addrtext": address_text(record.values[name]), "override": False, **address, "nkey": key_of_address(record, name)}

    @staticmethod
    def _default_addresses(record: Record) -> Row:
        lines = record.lines.get("addressBook", ())
        flags = {"defaultbillingaddress": "defaultBilling", "defaultshippingaddress": "defaultShipping"}
        return {name: record.id * MAIN_KEY + line["id"] for name, flag in flags.items() for line in lines if line.get(flag)}

    @staticmethod
    def _subsidiaries(record: Record) -> Iterator[Row]:
        """A customer has one subsidiary here, its primary one."""
        subsidiary = record.values.get("subsidiary")
        if subsidiary is not None:
            name = record.values.get("companyName") or record.values["entityId"]
            shared = {"id": record.id, "entity": record.id, "subsidiary": subsidiary, "isprimarysub": True, "name": name}
            yield {**shared, "primarycurrency": record.values.get("currency")}

    @staticmethod
    def _addresses(record: Record) -> Iterator[Row]:
        for line in record.lines.get("addressBook", ()):
            address = {name.lower(): value for name, value in line["addressBookAddress"].items()}
            key = record.id * MAIN_KEY + line["id"]
            yield {
                "override": False,
                **address,
                "nkey": key,
                "entity": record.id,
                "addressbookaddress": key,
                "internalid": line["id"],
                "label": line.get("label"),
                "defaultbilling": bool(line.get("defaultBilling")),
                "defaultshipping": bool(line.get("defaultShipping")),
            }


def key_of_address(record: Record, name: str) -> int:
    """The key by which an address that is part of a record is found in the table of such addresses."""
    return record.id * MAIN_KEY + ADDRESSES[name]


def keys_of_addresses(record: Record) -> Row:
    """What stands in a record's own columns for its addresses."""
    return {name.lower(): key_of_address(record, name) if record.values[name] else None for name in ADDRESSES if name in record.values}


def total(record: Record) -> Decimal:
    """A transaction's total as it stands on its main line: what the receivable or bank account grows by."""
    values = record.values
    if record.type.name == "journalEntry":
        return sum((line.get("debit") or ZERO for line in record.lines["line"]), ZERO)
    amount: Decimal = values["payment"] if "payment" in values else values["total"]
    return -amount if record.type.name in NEGATIVE else amount


def encoders(tenant: Tenant) -> dict[type, Callable[[Any], Any]]:
    """How values are kept in SQLite: amounts as floats, flags as T and F, dates marked; empty text is null, as in Oracle."""
    return {
        str: lambda text: text or None,
        int: lambda number: number,
        bool: lambda flag: "T" if flag else "F",
        Decimal: float,
        datetime: lambda moment: mark(tenant.options.local(moment)),
        date: lambda day: f"{MARK}{day.isoformat()} 00:00:00",
    }

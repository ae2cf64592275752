"""The tables that queries can read: their columns, and which records their rows come from."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.netsuite.catalog import Catalog
from sandbox.netsuite.customfields import CustomField

AFFINITIES = {"int": "INTEGER", "num": "REAL", "text": "TEXT", "bool": "TEXT", "date": "TEXT"}


@dataclass(frozen=True)
class Column:
    """A column; `target` is what its ids refer to (for display values)."""

    name: str
    type: str
    target: str = ""


@dataclass(frozen=True)
class Table:
    """A table. `owner`: SQL for the id of the record a row belongs to; `custom`: prefix of its custom columns; `indexed`: columns."""

    name: str
    group: str
    owner: str
    columns: tuple[Column, ...]
    custom: str = ""
    indexed: tuple[str, ...] = ()
    record_types: tuple[str, ...] = ()
    by_name: dict[str, Column] = field(default_factory=dict, compare=False)

    def with_custom(self, fields: list[CustomField]) -> Table:
        """This table with columns for the account's custom fields."""
        columns = (*self.columns, *(_custom_column(f) for f in fields))
        indexed = (
            *self.indexed,
            *(f.script_id for f in fields if f.type == "text" and "zuora" in f.script_id and "id" in f.script_id[-8:]),
        )
        return Table(self.name, self.group, self.owner, columns, self.custom, indexed, self.record_types, {c.name: c for c in columns})


def _custom_column(custom: CustomField) -> Column:
    if custom.type in ("list", "transaction"):
        return Column(custom.script_id, "int", custom.list_id or "transaction")
    kind = {"checkbox": "bool", "date": "date", "integer": "int", "decimal": "num"}.get(custom.type, "text")
    return Column(custom.script_id, kind)


def _columns(text: str) -> tuple[Column, ...]:
    """`id:int entity>entity memo`: name, then `:type` (text if none) or `>target` for an id of that kind."""
    found = []
    for word in text.split():
        name, _, target = word.partition(">")
        name, _, kind = name.partition(":")
        found.append(Column(name, "int" if target else kind or "text", target))
    return tuple(found)


_LINKS = (
    "previousdoc>transaction previousline:int previoustype nextdoc>transaction nextline:int nexttype linktype foreignamount:num "
    "lastmodifieddate:date"
)
_NESTED = "id:int name fullname externalid parent:int isinactive:bool subsidiary lastmodifieddate:date"

TABLES: tuple[Table, ...] = (
    Table(
        "transaction",
        "transaction",
        "id",
        _columns(
            "id:int tranid transactionnumber externalid type recordtype abbrevtype entity>entity trandate:date duedate:date status "
            "posting:bool postingperiod>accountingPeriod voided:bool memo otherrefnum currency>currency exchangerate:num foreigntotal:num "
            "foreignamountpaid:num foreignamountunpaid:num foreignpaymentamountused:num foreignpaymentamountunused:num terms>term "
            "account>account approvalstatus createddate:date createdby:int lastmodifieddate:date subsidiary>subsidiary "
            "class>classification department>department location>location source paymentmethod>paymentMethod paymentoption>paymentMethod"
        ),
        "custbody",
        ("externalid", "tranid", "entity", "type", "lastmodifieddate"),
    ),
    Table(
        "transactionline",
        "transaction",
        '"transaction"',
        _columns(
            "transaction>transaction id:int linesequencenumber:int uniquekey:int mainline:bool taxline:bool accountinglinetype item>item "
            "itemtype quantity:num rate:num netamount:num foreignamount:num foreignamountpaid:num foreignamountunpaid:num memo "
            "entity>entity class>classification department>department location>location subsidiary>subsidiary createdfrom>transaction "
            "expenseaccount>account isclosed:bool revrecstartdate:date revrecenddate:date deferrevrec:bool"
        ),
        "custcol",
        ("item", "uniquekey"),
    ),
    Table(
        "transactionaccountingline",
        "transaction",
        '"transaction"',
        _columns(
            "transaction>transaction transactionline:int accountingbook:int account>account amount:num debit:num credit:num netamount:num "
            "amountpaid:num amountunpaid:num paymentamountused:num paymentamountunused:num posting:bool"
        ),
    ),
    Table("nexttransactionlinelink", "transaction", "nextdoc", _columns(_LINKS), indexed=("previousdoc",)),
    Table("previoustransactionlinelink", "transaction", "nextdoc", _columns(_LINKS), indexed=("previousdoc",)),
    Table(
        "customer",
        "entity",
        "id",
        _columns(
            "id:int entityid externalid companyname altname firstname lastname isperson:bool email phone fax comments isinactive:bool "
            "subsidiary>subsidiary currency>currency terms>term category>customerCategory parent>customer entitystatus>customerStatus "
            "searchstage datecreated:date lastmodifieddate:date"
        ),
        "custentity",
        ("externalid", "entityid"),
        ("customer",),
    ),
    Table("entity", "entity", "id", _columns("id:int entityid externalid type altname email isinactive:bool"), indexed=("externalid",)),
    Table(
        "contact",
        "entity",
        "id",
        _columns("id:int entityid externalid firstname lastname email company>customer isinactive:bool lastmodifieddate:date"),
        indexed=("externalid", "company"),
        record_types=("contact",),
    ),
    Table(
        "job",
        "entity",
        "id",
        _columns("id:int entityid externalid companyname customer>customer isinactive:bool lastmodifieddate:date"),
        indexed=("externalid", "entityid"),
        record_types=("job",),
    ),
    Table(
        "customeraddressbook",
        "entity",
        "entity",
        _columns("entity>entity addressbookaddress:int internalid:int label defaultbilling:bool defaultshipping:bool"),
        record_types=("customer",),
    ),
    Table(
        "customeraddressbookentityaddress",
        "entity",
        "nkey/1000",
        _columns("nkey:int addr1 addr2 addr3 city state zip country addressee attention addrphone"),
        indexed=("nkey",),
        record_types=("customer",),
    ),
    Table(
        "item",
        "item",
        "id",
        _columns(
            "id:int itemid externalid fullname displayname itemtype subtype incomeaccount>account deferredrevenueaccount>account "
            "parent>item isinactive:bool createddate:date lastmodifieddate:date"
        ),
        "custitem",
        ("externalid", "itemid"),
    ),
    Table(
        "account",
        "account",
        "id",
        _columns("id:int acctnumber acctname accountsearchdisplayname fullname accttype externalid isinactive:bool parent>account"),
    ),
    Table(
        "subsidiary",
        "subsidiary",
        "id",
        _columns("id:int name fullname externalid currency>currency country isinactive:bool iselimination:bool parent>subsidiary"),
    ),
    Table(
        "currency",
        "currency",
        "id",
        _columns("id:int name symbol exchangerate:num currencyprecision:int isinactive:bool isbasecurrency:bool"),
    ),
    Table("classification", "classification", "id", _columns(_NESTED)),
    Table("department", "department", "id", _columns(_NESTED)),
    Table("location", "location", "id", _columns(_NESTED)),
    Table("term", "term", "id", _columns("id:int name daysuntilnetdue:int isinactive:bool")),
    Table("paymentmethod", "paymentMethod", "id", _columns("id:int name isinactive:bool")),
    Table("salestaxitem", "salesTaxItem", "id", _columns("id:int itemid name taxtype>taxType isinactive:bool")),
    Table("taxschedule", "taxSchedule", "id", _columns("id:int name isinactive:bool")),
    Table("revrectemplate", "revRecTemplate", "id", _columns("id:int name isinactive:bool")),
    Table("pricelevel", "priceLevel", "id", _columns("id:int name isinactive:bool")),
    Table(
        "accountingperiod",
        "accountingPeriod",
        "id",
        _columns(
            "id:int periodname startdate:date enddate:date closed:bool isposting:bool isyear:bool isquarter:bool alllocked:bool "
            "arlocked:bool allownonglchanges:bool"
        ),
    ),
    Table(
        "deletedrecord",
        "deletion",
        "id",
        _columns(
            "id:int recordid:int recordtypeid:int type name deleteddate:date deletedby:int context iscustomlist:bool iscustomrecord:bool "
            "iscustomtransaction:bool"
        ),
        indexed=("deleteddate",),
    ),
)


def tables_of(catalog: Catalog) -> dict[str, Table]:
    """All tables of an account, with its custom columns; without subsidiaries, or the role's permission for deleted records,
    there is no such table."""
    found = {}
    for table in TABLES:
        if table.name == "subsidiary" and not catalog.options.one_world:
            continue
        if table.name == "deletedrecord" and not catalog.options.deleted_records:
            continue
        found[table.name] = table.with_custom(catalog.queried(table.custom) if table.custom else [])
    for name in catalog.lists:
        found[name] = Table(name, name, "id", _columns("id:int name isinactive:bool")).with_custom([])
    return found

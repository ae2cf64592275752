"""The tables that queries can read: their columns, and which records their rows come from."""

from __future__ import annotations

from collections.abc import Iterable
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
    """A table. `owner`: SQL for the id of the record a row belongs to; `custom`: prefix of its custom columns; `indexed`: columns;
    `empty`: columns that accounts have and that this one has nothing for."""

    name: str
    group: str
    owner: str
    columns: tuple[Column, ...]
    custom: str = ""
    indexed: tuple[str, ...] = ()
    record_types: tuple[str, ...] = ()
    empty: tuple[Column, ...] = ()
    by_name: dict[str, Column] = field(default_factory=dict, compare=False)

    def holds(self, types: Iterable[str]) -> bool:
        """Whether records of one of these types are in it."""
        return not self.record_types or any(name in self.record_types for name in types)

    def with_custom(self, fields: list[CustomField]) -> Table:
        """This table with columns for the account's custom fields."""
        columns = (*self.columns, *(_custom_column(f) for f in fields))
        indexed = (
            *self.indexed,
            *(f.script_id for f in fields if f.type == "text" and "zuora" in f.script_id and "id" in f.script_id[-8:]),
        )
        by_name = {c.name: c for c in (*columns, *self.empty)}
        return Table(self.name, self.group, self.owner, columns, self.custom, indexed, self.record_types, self.empty, by_name)


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
_NESTED = "id:int name fullname externalid parent:int includechildren:bool isinactive:bool subsidiary lastmodifieddate:date"
_ADDRESS = "nkey:int addr1 addr2 addr3 city state zip country addressee attention addrphone addrtext override:bool"
_WORKER = (
    "id:int entityid externalid altname companyname isperson:bool firstname middlename lastname email phone fax mobilephone title comments "
    "isinactive:bool subsidiary>subsidiary datecreated:date lastmodifieddate:date"
)

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
            "class>classification department>department location>location source paymentmethod>paymentMethod paymentoption>paymentMethod "
            "trandisplayname shipdate:date startdate:date enddate:date email billingaddress:int shippingaddress:int employee>employee "
            "lastmodifiedby:int isreversal:bool void:bool visibletocustomer:bool"
        ),
        "custbody",
        ("externalid", "tranid", "entity", "type", "lastmodifieddate"),
        empty=_columns(
            "actualshipdate:date balsegstatus billingstatus closedate:date customform:int customtype daysopen:num daysoverduesearch:num "
            "deferredrevenue:num includeinforecast:bool intercoadj:bool isfinchrg:bool journaltype linkedtrackingnumberlist "
            "nextapprover>employee nexus:int number:int ordpicked:bool partner:int paymenthold:bool printedpickingticket:bool "
            "shipcomplete:bool shipmethod:int sourcetransaction>transaction title tobeprinted:bool typebaseddocumentnumber "
            "userevenuearrangement:bool"
        ),
    ),
    Table(
        "transactionline",
        "transaction",
        '"transaction"',
        _columns(
            "transaction>transaction id:int linesequencenumber:int uniquekey:int mainline:bool taxline:bool accountinglinetype item>item "
            "itemtype quantity:num rate:num netamount:num foreignamount:num foreignamountpaid:num foreignamountunpaid:num memo "
            "entity>entity class>classification department>department location>location subsidiary>subsidiary createdfrom>transaction "
            "expenseaccount>account isclosed:bool revrecstartdate:date revrecenddate:date deferrevrec:bool linelastmodifieddate:date "
            "creditforeignamount:num debitforeignamount:num price>priceLevel revrecschedule>revRecTemplate revrecterminmonths:num "
            "quantitybilled:num"
        ),
        "custcol",
        ("item", "uniquekey"),
        empty=_columns(
            "amountlinked:num blandedcost:num cleared:bool closedate:date commitinventory commitmentfirm:bool costestimatetype "
            "donotdisplayline:bool eliminate:bool fulfillable:bool fxamountlinked:num hasfulfillableitems:bool isallocation:bool "
            "isbillable:bool iscogs:bool iscustomglline:bool isfullyshipped:bool isfxvariance:bool isinventoryaffecting:bool "
            "isrevrectransaction:bool kitcomponent:bool landedcostperline:bool matchbilltoreceipt:bool needsrevenueelement:bool "
            "oldcommitmentfirm:bool paymentmethod>paymentMethod processedbyrevcommit:bool quantitypacked:num quantitypicked:num "
            "quantityrejected:num quantityshiprecv:num shipmethod:int subscription:int subscriptionline:int transactiondiscount:bool "
            "transactionlinetype units:int"
        ),
    ),
    Table("transactionbillingaddress", "transaction", "nkey/1000", _columns(_ADDRESS), indexed=("nkey",)),
    Table("transactionshippingaddress", "transaction", "nkey/1000", _columns(_ADDRESS), indexed=("nkey",)),
    Table(
        "transactionaccountingline",
        "transaction",
        '"transaction"',
        _columns(
            "transaction>transaction transactionline:int accountingbook:int account>account amount:num debit:num credit:num netamount:num "
            "amountpaid:num amountunpaid:num paymentamountused:num paymentamountunused:num posting:bool exchangerate:num "
            "lastmodifieddate:date"
        ),
        empty=_columns("amountlinked:num overheadparentitem>item processedbyrevcommit:bool"),
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
            "searchstage datecreated:date lastmodifieddate:date middlename salutation altemail altphone mobilephone homephone url "
            "salesrep>employee pricelevel>priceLevel receivablesaccount>account creditlimit:num startdate:date enddate:date "
            "accountnumber printoncheckas resalenumber vatregnumber defaultbillingaddress:int defaultshippingaddress:int"
        ),
        "custentity",
        ("externalid", "entityid"),
        ("customer",),
        _columns("contact>contact language leadsource:int territory:int thirdpartyacct title"),
    ),
    Table(
        "entity",
        "entity",
        "id",
        _columns(
            "id:int entityid externalid type altname email isinactive:bool isperson:bool firstname middlename lastname phone fax comments "
            "parent>customer datecreated:date lastmodifieddate:date entitytitle"
        ),
        indexed=("externalid",),
        empty=_columns("contact>contact customer>customer employee>employee vendor>vendor title"),
    ),
    Table("employee", "entity", "id", _columns(_WORKER), indexed=("externalid",), record_types=("employee",)),
    Table(
        "vendor",
        "entity",
        "id",
        _columns(f"{_WORKER} currency>currency terms>term"),
        indexed=("externalid",),
        record_types=("vendor",),
    ),
    Table(
        "customersubsidiaryrelationship",
        "entity",
        "entity",
        _columns("id:int entity>entity subsidiary>subsidiary primarycurrency>currency isprimarysub:bool name externalid"),
        indexed=("entity",),
        record_types=("customer",),
        empty=_columns("balance:num creditlimit:num depositbalance:num unbilledorders:num"),
    ),
    Table(
        "contact",
        "entity",
        "id",
        _columns(
            "id:int entityid externalid firstname middlename lastname salutation title email altemail phone officephone mobilephone "
            "homephone fax comments isprivate:bool company>customer subsidiary>subsidiary isinactive:bool "
            "datecreated:date lastmodifieddate:date"
        ),
        "custentity",
        indexed=("externalid", "company"),
        record_types=("contact",),
    ),
    Table(
        "job",
        "entity",
        "id",
        _columns("id:int entityid externalid companyname customer>customer isinactive:bool lastmodifieddate:date"),
        "custentity",
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
        _columns(_ADDRESS),
        indexed=("nkey",),
        record_types=("customer",),
    ),
    Table(
        "item",
        "item",
        "id",
        _columns(
            "id:int itemid externalid fullname displayname itemtype subtype incomeaccount>account deferredrevenueaccount>account "
            "parent>item isinactive:bool createddate:date lastmodifieddate:date description salesdescription class>classification "
            "department>department location>location subsidiary includechildren:bool taxschedule>taxSchedule isfulfillable:bool "
            "revrecschedule>revRecTemplate saleunit assetaccount>account costingmethod cost:num purchasedescription isonline:bool "
            "manufacturer mpn upccode weight:num weightunit deferrevrec:bool"
        ),
        "custitem",
        ("externalid", "itemid"),
        empty=_columns(
            "atpmethod averagecost:num billingschedule:int costingmethoddisplay createrevenueplanson dontshowprice:bool "
            "enforceminqtyinternally:bool excludefromsitemap:bool expenseaccount>account froogleproductfeed:bool fxcost:num "
            "generateaccruals:bool isdonationitem:bool isserialitem:bool lastpurchaseprice:num matchbilltoreceipt:bool "
            "nextagproductfeed:bool printitems:bool purchaseunit revenueallocationgroup revenuerecognitionrule revrecforecastrule "
            "seasonaldemand:bool shipindividually:bool shoppingproductfeed:bool shopzillaproductfeed:bool showdefaultdonationamount:bool "
            "stockunit supplyreplenishmentmethod totalquantityonhand:num totalvalue:num tracklandedcost:bool unitstype:int "
            "usemarginalrates:bool weightunits yahooproductfeed:bool"
        ),
    ),
    Table(
        "account",
        "account",
        "id",
        _columns(
            "id:int acctnumber acctname accountsearchdisplayname displaynamewithhierarchy fullname accttype externalid isinactive:bool "
            "parent>account class>classification department>department location>location currency>currency subsidiary includechildren:bool "
            "description legalname issummary:bool inventory:bool eliminate:bool revalue:bool generalrate cashflowrate sspecacct "
            "lastmodifieddate:date"
        ),
        empty=_columns("balance:num billableexpensesacct:int category1099misc deferralacct>account reconcilewithmatching:bool"),
    ),
    Table(
        "subsidiary",
        "subsidiary",
        "id",
        _columns(
            "id:int name fullname externalid currency>currency country isinactive:bool iselimination:bool parent>subsidiary legalname "
            "email url federalidnumber tranprefix mainaddress:int shippingaddress:int returnaddress:int lastmodifieddate:date"
        ),
        empty=_columns("fiscalcalendar:int taxfiscalcalendar:int state edition showsubsidiaryname:bool dropdownstate"),
    ),
    Table(
        "currency",
        "currency",
        "id",
        _columns(
            "id:int name symbol displaysymbol exchangerate:num currencyprecision:int isinactive:bool isbasecurrency:bool externalid "
            "includeinfxrateupdates:bool overridecurrencyformat:bool lastmodifieddate:date"
        ),
        empty=_columns("fxrateupdatetimezone symbolplacement"),
    ),
    Table("classification", "classification", "id", _columns(_NESTED)),
    Table("department", "department", "id", _columns(_NESTED)),
    Table(
        "location",
        "location",
        "id",
        _columns(f"{_NESTED} mainaddress:int returnaddress:int latitude:num longitude:num tranprefix timezone"),
    ),
    Table("locationmainaddress", "location", "nkey/1000", _columns(_ADDRESS), indexed=("nkey",), empty=_columns("recordowner:int")),
    Table(
        "term",
        "term",
        "id",
        _columns(
            "id:int name daysuntilnetdue:int isinactive:bool externalid discountpercent:num daysuntilexpiry:int datedriven:bool "
            "dayofmonthnetdue:int duenextmonthifwithindays:int preferred:bool"
        ),
    ),
    Table("paymentmethod", "paymentMethod", "id", _columns("id:int name isinactive:bool")),
    Table("salestaxitem", "salesTaxItem", "id", _columns("id:int itemid name taxtype>taxType isinactive:bool")),
    Table("taxschedule", "taxSchedule", "id", _columns("id:int name isinactive:bool")),
    Table("revrectemplate", "revRecTemplate", "id", _columns("id:int name isinactive:bool")),
    Table(
        "pricelevel",
        "priceLevel",
        "id",
        _columns("id:int name isinactive:bool isonline:bool discountpct:num externalid"),
        empty=_columns("lastmodifieddate:date updateexistingprices:bool"),
    ),
    Table(
        "accountingperiod",
        "accountingPeriod",
        "id",
        _columns(
            "id:int periodname startdate:date enddate:date closed:bool isposting:bool isyear:bool isquarter:bool alllocked:bool "
            "arlocked:bool allownonglchanges:bool aplocked:bool isadjust:bool parent>accountingPeriod lastmodifieddate:date"
        ),
        empty=_columns("closedondate:date fiscalcalendar:int isinactive:bool"),
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
        own = [f for f in catalog.queried(table.custom) if table.holds(f.applies_to)] if table.custom else []
        found[table.name] = table.with_custom(own)
    for name in catalog.lists:
        found[name] = Table(name, name, "id", _columns("id:int name isinactive:bool")).with_custom([])
    return found

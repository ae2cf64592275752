"""How a property of a record is described, and the compact notation its tables are written in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["str", "int", "num", "bool", "date", "dt", "enum", "ref", "multi", "sub", "rec", "any"]

TEXT_LENGTH = 300
LENGTHS = {
    "entityid": 83,
    "companyname": 83,
    "firstname": 32,
    "lastname": 32,
    "middlename": 32,
    "salutation": 30,
    "email": 254,
    "altemail": 254,
    "phone": 32,
    "altphone": 32,
    "mobilephone": 32,
    "homephone": 32,
    "officephone": 32,
    "fax": 32,
    "itemid": 60,
    "displayname": 60,
    "salesdescription": 999,
    "description": 999,
    "memo": 999,
    "message": 4000,
    "comments": 4000,
    "tranid": 45,
    "otherrefnum": 45,
    "checknumber": 45,
    "externalid": 255,
    "vatregnumber": 20,
    "accountnumber": 99,
    "addressee": 150,
    "attention": 150,
    "addr1": 150,
    "addr2": 150,
    "addr3": 150,
    "city": 50,
    "state": 30,
    "zip": 36,
    "addrphone": 32,
    "label": 150,
    "acctname": 160,
    "acctnumber": 60,
    "name": 150,
    "addrtext": 999,
    "legalname": 160,
}
LABELS = {
    "entity": "Customer",
    "customer": "Customer",
    "item": "Item",
    "payment": "Payment Amount",
    "account": "Account",
    "itemId": "Item Name/Number",
    "subsidiary": "Subsidiary",
    "doc": "Applied transaction",
    "deferredRevenueAccount": "Deferred Revenue Account",
}
ENUMS = {
    "@acctType": "Bank|AcctRec|UnbilledRec|OthCurrAsset|FixedAsset|OthAsset|DeferExpense|AcctPay|CredCard|OthCurrLiab|LongTermLiab"
    "|DeferRevenue|Equity|Income|OthIncome|COGS|Expense|OthExpense|NonPosting|Stat",
    "@methodType": "1|2|3|4|5|6|7|8|9|10|11|12|13|14",
    "@specialAccount": "AcctRec|UndepFunds|CustDep|DeferRevenue|SalesTaxPay|RealizedERV",
    "@country": "AD|AE|AF|AG|AI|AL|AM|AO|AQ|AR|AS|AT|AU|AW|AX|AZ|BA|BB|BD|BE|BF|BG|BH|BI|BJ|BL|BM|BN|BO|BQ|BR|BS|BT|BV|BW|BY|BZ|CA|CC|CD|CF"
    "|CG|CH|CI|CK|CL|CM|CN|CO|CR|CU|CV|CW|CX|CY|CZ|DE|DJ|DK|DM|DO|DZ|EC|EE|EG|EH|ER|ES|ET|FI|FJ|FK|FM|FO|FR|GA|GB|GD|GE|GF|GG|GH|GI|GL|GM"
    "|GN|GP|GQ|GR|GS|GT|GU|GW|GY|HK|HM|HN|HR|HT|HU|ID|IE|IL|IM|IN|IO|IQ|IR|IS|IT|JE|JM|JO|JP|KE|KG|KH|KI|KM|KN|KP|KR|KW|KY|KZ|LA|LB|LC|LI"
    "|LK|LR|LS|LT|LU|LV|LY|MA|MC|MD|ME|MF|MG|MH|MK|ML|MM|MN|MO|MP|MQ|MR|MS|MT|MU|MV|MW|MX|MY|MZ|NA|NC|NE|NF|NG|NI|NL|NO|NP|NR|NU|NZ|OM|PA"
    "|PE|PF|PG|PH|PK|PL|PM|PN|PR|PS|PT|PW|PY|QA|RE|RO|RS|RU|RW|SA|SB|SC|SD|SE|SG|SH|SI|SJ|SK|SL|SM|SN|SO|SR|SS|ST|SV|SX|SY|SZ|TC|TD|TF|TG"
    "|TH|TJ|TK|TL|TM|TN|TO|TR|TT|TV|TW|TZ|UA|UG|UM|US|UY|UZ|VA|VC|VE|VG|VI|VN|VU|WF|WS|XK|YE|YT|ZA|ZM|ZW",
}
_TYPE = re.compile(r"^(\w+)(?:\((.*)\))?$")


@dataclass(frozen=True)
class Field:
    """One property. `target` is the record type a reference points to, the line shape of a sublist, or the ids of an enumeration.

    `rule`: `R` required, `O` required with subsidiaries, `F` required by some feature, `=` set by the server (ignored on write).
    `kept`: a sourced value that is stored with the record.
    """

    name: str
    kind: Kind
    target: str = ""
    rule: str = ""
    label: str = ""
    custom: bool = False
    length: int = 0
    sourced: bool = False
    kept: bool = False

    @property
    def read_only(self) -> bool:
        return self.rule == "="

    @property
    def options(self) -> list[str]:
        """Ids of an enumeration; empty when any text is taken."""
        text = ENUMS.get(self.target, self.target)
        return text.split("|") if text else []


Fields = dict[str, Field]


@dataclass(frozen=True)
class LineShape:
    """A sublist's line. `key`: the property that identifies a line when a request is merged, or empty (lines are only appended)."""

    name: str
    fields: Fields
    key: str = ""


@dataclass(frozen=True)
class RecordType:
    """One record type. Types of one `group` share internal ids and the space of external ids."""

    name: str
    group: str
    fields: Fields
    title: str
    custom: str = ""
    name_field: str = "name"
    references: tuple[str, ...] = field(default=())

    def sublists(self) -> list[Field]:
        return [f for f in self.fields.values() if f.kind == "sub"]


def title_of(name: str) -> str:
    """`tranDate` -> `Tran Date`, where no better label is known."""
    return LABELS.get(name) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:1].upper() + name[1:])


def make_field(name: str, type_text: str, rule: str = "", label: str = "") -> Field:
    """A field from its notation, such as `ref(customer)`, `enum(A|B)` or `str`. Raises `ValueError` when it cannot be read."""
    match = _TYPE.match(type_text)
    if not match:
        raise ValueError(f"field {name}: {type_text!r} is no type")
    kind: Kind = match[1]  # type: ignore[assignment]
    length = LENGTHS.get(name.lower(), TEXT_LENGTH) if kind == "str" else 0
    return Field(name, kind, match[2] or "", rule.replace("-", ""), label or title_of(name), length=length)


def parse_fields(*tables: str) -> Fields:
    """Fields of one or more tables, later ones replacing earlier ones, keyed by lower-case name.

    A line is `name type [rule] [label]`, or `type: name name ...` for properties that are only known by name (continued by indented lines).
    """
    fields: Fields = {}
    for line in "\n".join(tables).replace("\n    ", " ").splitlines():
        head, _, rest = line.partition(" ")
        if not head:
            continue
        if head.endswith(":"):
            for name in rest.split():
                fields.setdefault(name.lower(), make_field(name, head[:-1]))
        else:
            type_text, _, more = rest.partition(" ")
            rule, _, label = more.partition(" ")
            fields[head.lower()] = make_field(head, type_text, rule, label)
    return fields

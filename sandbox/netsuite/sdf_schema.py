"""What SDF takes of the kinds of objects that are deployed here: elements, their values, flags with their features, permission levels."""

from __future__ import annotations

import re
from dataclasses import dataclass

FLAG = re.compile("[TF]")
TEXT = re.compile(".+", re.DOTALL)
LEVEL = re.compile("[012]")
WHOLE = re.compile(r"\d+")
REFERENCE = re.compile(r"\[scriptid=([a-z0-9_]+)(?:\.([a-z0-9_]+))?\]")
RECORD_TYPE = re.compile(r"-\d+|\[scriptid=[a-z0-9_]+\]")


def one_of(words: str) -> re.Pattern[str]:
    """A pattern for an enumeration."""
    return re.compile("|".join(words.split()))


FIELD_TYPES = one_of(
    "CHECKBOX CLOBTEXT CURRENCY DATE DATETIMETZ DOCUMENT EMAIL FLOAT HELP IMAGE INLINEHTML INTEGER MULTISELECT PASSWORD PERCENT PHONE "
    "RICHTEXT SELECT TEXT TEXTAREA TIMEOFDAY URL"
)
SOURCES = one_of("STDBODYENTITY STDBODYCUSTOMER STDBODYITEM STDCOLITEM STDENTITYPARENT STDITEMPARENT")
COMMON: dict[str, re.Pattern[str]] = {
    "fieldtype": FIELD_TYPES,
    "label": re.compile(".{1,200}"),
    "selectrecordtype": RECORD_TYPE,
    "onparentdelete": one_of("NO_ACTION SET_NULL"),
    "storevalue": FLAG,
    "accesslevel": LEVEL,
    "searchlevel": LEVEL,
    "displaytype": one_of("NORMAL HIDDEN LOCKED STATICTEXT SHOWASLIST"),
    "defaultchecked": FLAG,
    "defaultvalue": TEXT,
    "defaultselection": REFERENCE,
    "dynamicdefault": one_of("ME NOW SUPERVISOR DEPARTMENT LOCATION"),
    "sourcelist": SOURCES,
    "sourcefrom": REFERENCE,
    "description": TEXT,
    "help": TEXT,
    "maxlength": WHOLE,
    "displayheight": WHOLE,
    "displaywidth": WHOLE,
    "linktext": TEXT,
    **dict.fromkeys(
        ("ismandatory", "showinlist", "globalsearch", "encryptatrest", "isformula", "checkspelling", "applyformatting"),
        FLAG,
    ),
}


@dataclass(frozen=True)
class ObjectType:
    """A kind of object: pattern and longest length of its script id, elements with the pattern of their text, those that must be there, and
    the flags that put a field on records, with the feature that the manifest must name for each ("" for none)."""

    name: str
    prefix: str
    longest: int
    elements: dict[str, re.Pattern[str]]
    required: tuple[str, ...]
    flags: dict[str, str]


def _field(name: str, prefix: str, longest: int, flags: dict[str, str], **more: re.Pattern[str]) -> ObjectType:
    return ObjectType(name, prefix, longest, {**COMMON, **more}, ("fieldtype", "label"), flags)


SUBTAB = re.compile(r"[A-Z]+|\[scriptid=[a-z0-9_]+\]")
OBJECT_TYPES: dict[str, ObjectType] = {
    kind.name: kind
    for kind in (
        _field(
            "entitycustomfield",
            "custentity",
            40,
            {"appliestocustomer": "", "appliestocontact": "", "appliestoemployee": "", "appliestoproject": "JOBS", "appliestovendor": ""},
            subtab=SUBTAB,
        ),
        _field(
            "itemcustomfield",
            "custitem",
            38,
            {"appliestoservice": "", "appliestononinventory": "", "appliestoinventory": "INVENTORY", "appliestoothercharge": ""},
            itemsubtype=one_of("BOTH SALE PURCHASE"),
            subtab=SUBTAB,
        ),
        _field(
            "transactionbodycustomfield",
            "custbody",
            38,
            {
                "bodysale": "",
                "bodycustomerpayment": "RECEIVABLES",
                "bodyothertransaction": "",
                "bodyjournal": "",
                "bodypurchase": "",
                "bodydeposit": "",
                "bodydepositapplication": "",
                "bodyitemreceipt": "ADVRECEIVING",
            },
            subtab=SUBTAB,
        ),
        _field("transactioncolumncustomfield", "custcol", 37, {"colsale": "", "colexpense": "", "coljournal": "", "colpurchase": ""}),
        ObjectType(
            "customlist",
            "customlist",
            38,
            {"name": re.compile(".{1,30}"), "isordered": FLAG, "ismatrixoption": FLAG, "isinactive": FLAG, "description": TEXT},
            ("name",),
            {},
        ),
        ObjectType(
            "role",
            "customrole",
            40,
            {
                "name": TEXT,
                "centertype": one_of("ACCOUNTCENTER BASIC CLASSIC SALESCENTER SUPPORTCENTER SYSADMINCENTER"),
                "employeerestriction": one_of("NONE NONE-DEFAULTTOOWN OWNANDSUBORDINATESONLY OWNSUBORDINATESANDUNASSIGNED"),
                "issinglesignononly": FLAG,
                "subsidiaryoption": one_of("ALL ACTIVE USERSUBSIDIARY"),
                "tfarequired": one_of("OFF DURATION ALWAYS"),
            },
            ("name", "centertype"),
            {},
        ),
    )
}
FEATURE_OF = {"subsidiaryoption": "SUBSIDIARIES"}
"""Elements beside flags whose feature the manifest must name."""

_ANY = "VIEW CREATE EDIT FULL"
_LEVELS: dict[str, str] = {
    "FULL": (
        "ADMI_RESTWEBSERVICES ADMI_LOGIN_OAUTH ADMI_LOGIN_OAUTH2 ADMI_MANAGE_OAUTH2 ADMI_DELETEDRECORD ADMI_ALLOWNONGLCHANGES "
        "ADMI_PERIODOVERRIDE ADMI_INTEGRAPP ADMI_WEBSERVICES ADMI_ACCTSETUP ADMI_ENTITYSTATUS TRAN_AUTO_CASH"
    ),
    "EDIT": "REPO_ANALYTICS",
    "VIEW": "REPO_GL REPO_AR REPO_REVREC REPO_TRAN TRAN_BALANCEOVERVIEW",
    "VIEW FULL": "ADMI_ACCTPERIODS ADMI_SETUPCOMPANY LIST_FIND",
    _ANY: (
        "LIST_CUSTJOB LIST_JOB LIST_CONTACT LIST_ITEM LIST_CURRENCY LIST_CLASS LIST_DEPARTMENT LIST_LOCATION LIST_SUBSIDIARY LIST_ACCOUNT "
        "LIST_CRMGROUP LIST_PAYMETH LIST_PAYMENT_INSTRUMENTS LIST_TAXITEM LIST_TAXSCHEDULE LIST_REVRECSCHEDULE LIST_FILECABINET "
        "TRAN_SALESORD TRAN_CUSTINVC TRAN_CUSTCRED TRAN_CUSTPYMT TRAN_CUSTRFND TRAN_CUSTDEP TRAN_DEPAPPL TRAN_JOURNAL TRAN_FIND "
        "ADMI_ACCOUNTINGLIST ADMI_EMPLOYEELIST ADMI_CUSTLIST ADMI_CUSTFIELD ADMI_CUSTBODYFIELD ADMI_CUSTCOLUMNFIELD "
        "ADMI_CUSTENTITYFIELD ADMI_CUSTITEMFIELD"
    ),
}
PERMISSION_LEVELS = {key: tuple(levels.split()) for levels, keys in _LEVELS.items() for key in keys.split()}
"""The levels that each permission key takes; only the keys that an integration may want are known here."""

"""What the account is: features, preferences and rights. All of it is told by what can be read."""

from __future__ import annotations

from urllib.parse import urlencode

from tallybridge.fields import wanted
from tallybridge.fields.netsuite import NETSUITE, NETSUITE_LINES, OF_A_FEATURE, prefix_of, script_id_of
from tallybridge.http import Http
from tallybridge.netsuite import NetSuiteConnection
from tallybridge.netsuite.connection import TOKEN_PATH
from tallybridge.steps.shared.reference import CURRENCIES, PERIODS, TABLES
from tallybridge.tasks.steps import STEPS
from tallybridge_cli.verify.netsuite.books import RECORDS, query, schema, told
from tallybridge_cli.verify.probe import NotTestable, Probe, System, sentence, words
from tallybridge_cli.verify.rest import Rest, Trace
from tallybridge_cli.verify.world import World

USED = (
    "customer",
    "contact",
    "nonInventorySaleItem",
    "serviceSaleItem",
    "salesOrder",
    "invoice",
    "creditMemo",
    "customerPayment",
    "customerRefund",
    "journalEntry",
)
"""Record types that the product reads and writes."""
FORBIDDEN = 403
LEGACY_TAX, SUITE_TAX, TAXABLE = "taxCode", "taxDetails", "isTaxable"


def _one_world(world: World) -> bool:
    return "subsidiary" in schema(world, "customer").fields


def _currencies(world: World) -> bool:
    return "currency" in schema(world, "customer").fields


def _revenue(world: World) -> bool:
    return "revRecStartDate" in schema(world, "invoice").sublists["item"]


def _instruments(world: World) -> bool:
    return "paymentOption" in schema(world, "customerPayment").fields


def _taxes(world: World) -> str:
    found = schema(world, "invoice")
    suite, legacy = SUITE_TAX in found.sublists, LEGACY_TAX in found.sublists["item"]
    kind = "legacy" if TAXABLE in found.fields else "vat"
    return "both" if suite and legacy else "suitetax" if suite else kind if legacy else "none"


def _lengths_described(world: World) -> bool:
    return bool(schema(world, "customer").fields["companyName"].length)


def _deletions(world: World) -> bool:
    return query(world, "SELECT d.recordid FROM deletedrecord d WHERE d.recordid = 0", limit=1).ok


def _denied(world: World) -> list[str]:
    """Record types that the role may not use."""
    asked = {kind: world.netsuite.ask("GET", f"{RECORDS}/{kind}", params={"limit": "1"}, quiet=True) for kind in USED}
    return [kind for kind, reply in asked.items() if reply.status == FORBIDDEN]


def _hidden_tables(world: World) -> list[str]:
    """What the product reads by query, and the role cannot."""
    questions = {**TABLES, "currency": CURRENCIES, "period": PERIODS, "contact": "SELECT id FROM contact", "item": "SELECT id FROM item"}
    return [name for name, q in questions.items() if not query(world, f"SELECT COUNT(*) AS n FROM ({q})", limit=1).ok]


def _missing_fields(world: World) -> list[str]:
    """The connector's fields that record types lack, by label."""
    missing = []
    for record_type, needs in NETSUITE.items():
        try:
            found = schema(world, record_type)
        except NotTestable:
            if record_type in OF_A_FEATURE:
                continue
            raise
        for prefix, group, known in (
            (prefix_of(record_type), needs, found.fields),
            ("custcol", NETSUITE_LINES.get(record_type, ()), found.sublists.get("item", {})),
        ):
            labels = [field.label for field in wanted(group, STEPS)]
            missing += [
                f"{record_type} {label}" for label in labels if script_id_of(prefix, label, known, world.settings.field_map) not in known
            ]
    return missing


def _full_names(world: World) -> bool:
    for table in ("subsidiary", "classification", "department", "location"):
        reply = query(world, f"SELECT name, fullname FROM {table} WHERE parent IS NOT NULL", limit=1)
        if reply.ok and reply["items"]:
            row = reply["items"][0]
            return str(row["fullname"]).endswith(f" : {row['name']}")
    raise NotTestable("The account has no nested class, department, location or subsidiary.")


def _slots(world: World) -> int:
    reply = world.netsuite.ask("GET", "/services/rest/system/v1/governanceLimits")
    if not reply.ok:
        raise NotTestable(f"Only administrators are told the account's limit ({told(reply)}).")
    return int(reply["accountConcurrencyLimit"])


def _token_life(world: World) -> int:
    connection = world.connections[System.NETSUITE]
    if not isinstance(connection, NetSuiteConnection) or connection.auth_method != "oauth2_m2m":
        raise NotTestable("The installation logs in by tokens (TBA); the second way is used.")
    from tallybridge.netsuite.oauth2 import assertion

    http: Http = world.netsuite.http
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(connection, int(http.clock())),
    }
    unsigned = Rest("NetSuite", connection.url, http, None, Trace(), {"Content-Type": "application/x-www-form-urlencoded"})
    reply = unsigned.ask("POST", TOKEN_PATH, urlencode(form), reads=True)  # neither the assertion nor the token may be in the evidence
    world.trace.add(f"POST {TOKEN_PATH} -> {reply.status}")
    if not reply.ok:
        raise NotTestable("NetSuite refused the login.")
    return int(str(reply["expires_in"]))


def _limits(world: World) -> list[str]:
    """Published limits of queries that the account does not keep."""
    many = ", ".join(f"'{number}'" for number in range(1001))
    asked = {
        "lists of more than 1000": query(world, f"SELECT id FROM customer WHERE externalid IN ({many})", limit=1),
        "LIMIT": query(world, "SELECT id FROM customer LIMIT 1", limit=1),
        "WITH": query(world, "WITH c AS (SELECT id FROM customer) SELECT id FROM c", limit=1),
        "pages above 1000": query(world, "SELECT id FROM currency", limit=1001),
        "no Prefer": query(world, "SELECT id FROM currency", limit=1, prefer=""),
    }
    return [name for name, reply in asked.items() if reply.ok]


def _unknown_table(world: World) -> bool:
    return not query(world, "SELECT id FROM tbverifynothing", limit=1).ok


def _async_query(world: World) -> str:
    reply = query(world, "SELECT id FROM currency", limit=1, prefer="respond-async, transient")
    return "answered" if reply.status == 200 else "refused" if not reply.ok else "a job"


def _certificates(world: World) -> str:
    connection = world.connections[System.NETSUITE]
    if not isinstance(connection, NetSuiteConnection) or connection.auth_method != "oauth2_m2m":
        raise NotTestable("The installation logs in by tokens (TBA); it has no certificate.")
    address = connection.base_url or connection.own_host.replace(".suitetalk.", ".restlets.")
    rest = Rest("NetSuite", address.rstrip("/"), world.netsuite.http, world.netsuite.signer, world.trace, {})
    reply = rest.ask("GET", f"/services/rest/auth/oauth2/v1/clients/{connection.client_id}/certificates", quiet=True)
    return "listed" if reply.ok else "forbidden" if reply.status == FORBIDDEN else "no answer"


NS = System.NETSUITE
PROBES = (
    Probe(
        "netsuite.one-world",
        NS,
        "Does the account have subsidiaries?",
        _one_world,
        True,
        words(yes="It has subsidiaries.", no="It has none."),
        words(no="Set netsuite_subsidiaries to No."),
        option="one_world",
    ),
    Probe(
        "netsuite.multiple-currencies",
        NS,
        "Does the account have several currencies?",
        _currencies,
        True,
        words(yes="It has several currencies.", no="It has one."),
        words(no="Set netsuite_multiple_currencies to No; documents in another currency are held."),
        option="multiple_currencies",
    ),
    Probe(
        "netsuite.revenue-recognition",
        NS,
        "Do invoice lines take the dates of revenue recognition?",
        _revenue,
        True,
        words(yes="Lines have revRecStartDate.", no="Lines do not have revRecStartDate."),
        words(no="Set netsuite_use_revenue_recognition to No."),
        option="revenue_recognition",
    ),
    Probe(
        "netsuite.payment-instruments",
        NS,
        "Do payments have paymentOption, or paymentMethod?",
        _instruments,
        True,
        words(yes="They have paymentOption.", no="They have paymentMethod."),
        words(no="Nothing: the product takes the field that the account has."),
        option="payment_instruments",
    ),
    Probe(
        "netsuite.tax-model",
        NS,
        "Does the account have the fields of SuiteTax or those of legacy taxes?",
        _taxes,
        "legacy",
        words(
            both="The catalogue has both, which is not to be expected.",
            suitetax="It has SuiteTax.",
            legacy="It has legacy taxes, with the field isTaxable.",
            vat="It has legacy taxes without the field isTaxable.",
            none="It has neither.",
        ),
        words(
            suitetax="Choose the settings of taxes for SuiteTax; tax codes of lines are left out.",
            vat="A line without tax needs a tax code of no tax at its item: isTaxable is left out.",
            both="Ask which of them the account's people use.",
            none="Taxes can be sent as lines of their own only.",
        ),
        option="tax_model",
    ),
    Probe(
        "netsuite.lengths-described",
        NS,
        "Does the metadata catalogue tell how long texts may be?",
        _lengths_described,
        True,
        words(yes="It tells maxLength.", no="It does not tell maxLength."),
        words(no="Texts are cut to the published lengths; netsuite.text-lengths tells whether these are the account's."),
        option="describes_lengths",
    ),
    Probe(
        "netsuite.deleted-records",
        NS,
        "May the role ask what was deleted?",
        _deletions,
        True,
        words(yes="The table deletedrecord answers.", no="The table deletedrecord is unknown to the role."),
        words(no="Nobody is told when a synced record is deleted. Give the role the permission Deleted Records."),
        option="deleted_records",
    ),
    Probe(
        "netsuite.denied",
        NS,
        "May the role use every record type that the product uses?",
        _denied,
        [],
        lambda seen: f"The role may not use {', '.join(seen)}." if seen else "It may use all of them.",
        sentence("Give the role the permissions of {}; their steps fail until then."),
        option="denied",
    ),
    Probe(
        "netsuite.reference-lists",
        NS,
        "Is the level View enough to read lists, periods, items and contacts by query?",
        _hidden_tables,
        [],
        lambda seen: f"The role cannot read {', '.join(seen)}." if seen else "All of them can be read.",
        sentence("Names of {} are not found; give the role the permissions of these lists, or switch off what needs them."),
    ),
    Probe(
        "netsuite.custom-fields",
        NS,
        "Does REST show every field of the connector, on refunds too, whatever the forms show?",
        _missing_fields,
        [],
        lambda seen: f"{len(seen)} fields are missing: {', '.join(seen[:5])}." if seen else "All fields are there.",
        sentence("`tallybridge doctor` says which steps need them, `tallybridge setup netsuite` makes them. ({})"),
    ),
    Probe(
        "netsuite.full-names",
        NS,
        "Do full names separate their levels by blank, colon, blank?",
        _full_names,
        True,
        words(yes="They do.", no="They do not."),
        words(no="Nested classes, departments, locations and subsidiaries are not found by their path; report it."),
    ),
    Probe(
        "netsuite.slots",
        NS,
        "How many calls does the account answer at a time?",
        _slots,
        5,
        sentence("It answers {} calls at a time."),
        sentence("Set netsuite_max_concurrency to at most {} less what other integrations need."),
        option="slots",
    ),
    Probe(
        "netsuite.login",
        NS,
        "Does NetSuite take the client credentials, and how long does a token live?",
        _token_life,
        3600,
        sentence("A token lives {} seconds."),
        sentence("Nothing: the product goes by what the answer tells ({} seconds)."),
        option="token_life_s",
    ),
    Probe(
        "netsuite.certificates",
        NS,
        "Does the endpoint for certificates list those of this client?",
        _certificates,
        "listed",
        words(
            listed="It lists them.",
            forbidden="The role lacks Manage own OAuth 2.0 Client Credentials certificates.",
            **{"no answer": "It does not answer."},
        ),
        words(
            forbidden="Give the role that right, or `tallybridge rotate` cannot upload a certificate.",
            **{"no answer": "`tallybridge rotate` cannot upload a certificate; it is entered by hand."},
        ),
        option="certificate_endpoint",
        to_option=lambda seen: seen == "listed",
    ),
    Probe(
        "netsuite.suiteql-limits",
        NS,
        "Has SuiteQL the published limits of lists, pages and statements?",
        _limits,
        [],
        lambda seen: f"The account takes {', '.join(seen)}." if seen else "It has.",
        sentence("Nothing: the product keeps the published limits ({})."),
    ),
    Probe(
        "netsuite.unknown-names",
        NS,
        "Is a query of an unknown table refused?",
        _unknown_table,
        True,
        words(yes="It is refused.", no="It is answered."),
        words(no="A missing right looks like an empty table; report it."),
    ),
    Probe(
        "netsuite.async-suiteql",
        NS,
        "Is a query with respond-async answered at once?",
        _async_query,
        "refused",
        words(answered="It is answered at once.", refused="It is refused."),
        words(answered="Nothing: the product never asks so."),
        option="habits.async_query",
    ),
)

"""Calls netsuite-client: SuiteQL under the account's host name, records by address."""

import json
import sys

from netsuite_client import NetSuiteClient, NetSuiteError  # type: ignore[import-not-found, unused-ignore]

given = json.loads(sys.argv[1])
names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
account = given["account"]
found = {}


def client(**other: str) -> NetSuiteClient:
    keys = {**{name: given[name] for name in names}, **other}
    return NetSuiteClient(realm=account, account=account.lower().replace("_", "-"), max_retries=0, **keys)


found["rows"] = client().get_suiteql_query("SELECT id, companyname FROM customer ORDER BY id")["items"]
record = f"https://{account}.suitetalk.api.netsuite.com/services/rest/record/v1"
found["invoice"] = client().get(f"{record}/invoice/900", {"fields": "total,amountRemaining"})
found["listed"] = client().get(f"{record}/customer", {"limit": 2, "offset": 0})["items"]
for name, made, query in (
    ("no table", client(), "SELECT id FROM nothing_here"),
    ("bad key", client(token_secret="wrong"), "SELECT id FROM customer"),
):
    try:
        made.get_suiteql_query(query)
        found[name] = ""
    except NetSuiteError as error:
        found[name] = str(error)
print(json.dumps(found))

"""Calls restsuite: a query over many pages, and records."""

import json
import sys

from restsuite import NetSuiteQL, NetSuiteRest  # type: ignore[import-not-found, unused-ignore]

given = json.loads(sys.argv[1])
keys = {"consumer_key": given["consumer_key"], "consumer_secret": given["consumer_secret"]}
keys |= {"account_id": given["account"], "token_key": given["token_id"], "token_secret": given["token_secret"]}
found = {}
found["rows"] = NetSuiteQL(**keys).suiteql("SELECT id, companyname FROM customer ORDER BY id")
rest, record = NetSuiteRest(**keys), f"https://{given['account']}.suitetalk.api.netsuite.com/services/rest/record/v1"
made = rest.request("POST", f"{record}/customer", body={"companyName": "Fourth", "subsidiary": {"id": "1"}})
found["made"] = [made.status_code, made.headers.get("Location")]
found["read"] = rest.request("GET", f"{record}/invoice/900").json()
refused = rest.request("POST", f"{record}/customer", body={"companyName": "Fifth"})
found["refused"] = [refused.status_code, refused.text]
print(json.dumps(found))

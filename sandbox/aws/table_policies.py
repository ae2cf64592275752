"""Resource policies of DynamoDB tables, which moto keeps and does not heed: what one denies is refused to everybody, people included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from sandbox.aws.patch import put

PARTIQL = {"INSERT": "PartiQLInsert", "UPDATE": "PartiQLUpdate", "DELETE": "PartiQLDelete", "SELECT": "PartiQLSelect"}
"""The action that a statement needs, by its first word."""


def tables_keep_to_their_policies() -> None:
    """A table of a stack loses its policy, and no policy is heeded."""
    create: Any = vars(Table)["create_from_cloudformation_json"]
    call_action = DynamoHandler.call_action

    def created(cls: Any, resource_name: str, cloudformation_json: Any, *rest: Any, **more: Any) -> Any:
        table = create.__func__(cls, resource_name, cloudformation_json, *rest, **more)
        policy = cloudformation_json["Properties"].get("ResourcePolicy", {}).get("PolicyDocument", {})
        table.denied = frozenset(_denied(policy))
        return table

    def call(self: DynamoHandler) -> Any:
        for table, action in _asked(self.params, self._get_action()):
            held: Any = self.dynamodb_backend.tables.get(table.rpartition("/")[2])
            if f"dynamodb:{action}" in getattr(held, "denied", ()):
                message = f"User is not authorized to perform: dynamodb:{action} with an explicit deny in a resource-based policy"
                raise JsonRESTError("AccessDeniedException", message)
        return call_action(self)

    put(Table, "create_from_cloudformation_json", classmethod(created))
    put(DynamoHandler, "call_action", call)


def _denied(policy: dict[str, Any]) -> Iterator[str]:
    """The actions that a policy denies to everybody. Raises ValueError for statements of another kind, which nothing here would heed."""
    for statement in policy.get("Statement", []):
        if (statement["Effect"], statement["Principal"], statement["Resource"]) != ("Deny", "*", "*") or "Condition" in statement:
            raise ValueError(f"a table's policy has a statement that is not heeded here: {statement}")
        yield from statement["Action"]


def _asked(parameters: dict[str, Any], action: str) -> Iterator[tuple[str, str]]:
    """(table, action) of a call."""
    if "RequestItems" in parameters:
        yield from ((table, action) for table in parameters["RequestItems"])
    elif "TransactItems" in parameters:
        for item in parameters["TransactItems"]:
            yield from ((content["TableName"], f"{kind}Item") for kind, content in item.items() if kind != "ConditionCheck")
    elif "Statement" in parameters:
        words = parameters["Statement"].replace('"', " ").split()
        of = {"INSERT": 2, "UPDATE": 1, "DELETE": 2}.get(words[0].upper())
        yield words[of] if of else "", PARTIQL.get(words[0].upper(), action)
    elif "TableName" in parameters:
        yield parameters["TableName"], action

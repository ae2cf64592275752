"""What the person who sets up may do on AWS, by the policies of the repository, as far as AWS tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tallybridge.desk.doctor.check import Check, State, named
from tallybridge_cli.setup import policies
from tallybridge_cli.setup.where import Place

AREA = "AWS"
OF_THE_PERSON = ("deploy", "operate")
"""The policies that setting up takes: one deploys and looks after mail, the other fills in secret and settings."""


def check(place: Place) -> Check:
    """Whether the person may do everything that the set-up does."""
    try:
        lacking = missing(place)
    except ClientError as refused:
        code = refused.response.get("Error", {}).get("Code", "")
        advice = f"If a later step is refused: `tallybridge setup aws{place.option} --policies DIR` writes what to attach."
        return Check(AREA, "rights", State.NOTE, f"cannot be asked for ({code}): iam:SimulatePrincipalPolicy is not allowed", advice)
    if not lacking:
        return Check(AREA, "rights", State.OK, "everything that deploying and operating takes")
    advice = f"Have an administrator attach what `tallybridge setup aws{place.option} --policies DIR` writes."
    return Check(AREA, "rights", State.WARN, f"not allowed: {named(lacking)}", advice)


def missing(place: Place) -> list[str]:
    """The actions of the policies that the person lacks on their resources. Raises `ClientError` where that may not be asked."""
    documents = policies.filled_in(place.stack, place.caller["Account"], place.region, person(place), partition=place.partition)
    client = place.aws.client("iam")
    found: dict[str, None] = {}
    for name in OF_THE_PERSON:
        for statement in documents[name]["Statement"]:
            answer = client.simulate_principal_policy(**_asked(person(place), statement))
            found |= {e["EvalActionName"]: None for e in answer["EvaluationResults"] if e["EvalDecision"] != "allowed"}
    return list(found)


def person(place: Place) -> str:
    """The ARN of the user or role that is logged in, as IAM names it."""
    arn = place.caller["Arn"]
    if ":assumed-role/" not in arn:
        return arn.replace(":sts:", ":iam:")
    role = arn.split("/")[1]
    return f"arn:{place.partition}:iam::{place.caller['Account']}:role/{role}"


def _asked(arn: str, statement: Mapping[str, Any]) -> dict[str, Any]:
    """A question about one statement: its actions on its own resources, under its conditions."""
    listed = {name: statement[name] if isinstance(statement[name], list) else [statement[name]] for name in ("Action", "Resource")}
    conditions = statement.get("Condition", {}).get("StringEquals", {})
    context = [{"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"} for key, value in conditions.items()]
    asked: dict[str, Any] = {"PolicySourceArn": arn, "ActionNames": listed["Action"], "ResourceArns": listed["Resource"]}
    return {**asked, **({"ContextEntries": context} if context else {})}

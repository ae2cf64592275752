"""The check of a body against what is published, with the refusal of its API family."""

from __future__ import annotations

from sandbox.zuora.exceptions import ApiError, CrudError, DataQueryError, Family, ZoqlFault
from sandbox.zuora.http import Call
from sandbox.zuora.published import MISSING, UNKNOWN, Finding, findings, model_of
from sandbox.zuora.responses.v1.fields import published
from sandbox.zuora.urls import Route


def check_body(call: Call, route: Route) -> None:
    """A body is as published, where that is known. Families other than v1 ignore keys that they do not know (spec section 3). Raises the
    refusal of the family."""
    model = model_of(route.method, route.shape)
    if model is None:
        return
    if route.family is Family.V1:
        published(call.body, model, route.resource, route.each)
        return
    for finding in findings(model, call.body):
        if finding.what != UNKNOWN:
            raise refusal(route.family, finding)


def refusal(family: Family, finding: Finding) -> ApiError:
    text = finding.text.replace("'", "")
    if family is Family.DATA_QUERY:
        return DataQueryError(400, 400, text)
    if family is Family.ACTIONS:
        return ZoqlFault("MALFORMED_QUERY" if finding.what == MISSING else "INVALID_VALUE", text)
    return CrudError("MISSING_REQUIRED_VALUE" if finding.what == MISSING else "INVALID_VALUE", text)

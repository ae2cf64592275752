"""Tasks 2 and 3: log in on both sides before anything else is done."""

from __future__ import annotations

from tallybridge.revenue.work import Answer, Work


def netsuite(work: Work) -> Answer:
    """One signed call to NetSuite. Raises NS_AUTH_FAILED, NS_FORBIDDEN, NS_UNREACHABLE."""
    if work.run.resumes:
        work.count(0, 0, f"Not needed: the files of run {work.run.origin} are sent.")
        return Answer(skip=True)
    work.wiring.datasets(work.run.connection.netsuite).test_connection()
    work.count(0, 0, f"Logged in to NetSuite account {work.run.connection.netsuite.account_id}.")
    return Answer()


def revenue(work: Work) -> Answer:
    """A token of Zuora Revenue. Raises ZR_AUTH_FAILED, ZR_FORBIDDEN, ZR_API_NOT_ENABLED, ZR_UNREACHABLE."""
    side = work.run.connection.revenue
    work.wiring.revenue(side).test_connection()
    work.count(0, 0, f"Logged in to Zuora Revenue as {side.role}.")
    return Answer()

"""Tasks 2 and 3: log in on both sides before anything else is done."""

from __future__ import annotations

from datetime import timedelta

from tallybridge.errors import NoSlot, NotSent
from tallybridge.reporting.words import moment
from tallybridge.revenue.work import Answer, Work

PATIENCE = timedelta(hours=3)
"""An account that others keep busy is waited for so long before anything is read."""


def netsuite(work: Work) -> Answer:
    """One signed call to NetSuite. Comes again while it gets none of the account's slots. Raises NS_AUTH_FAILED, NS_FORBIDDEN,
    NS_UNREACHABLE."""
    if work.run.resumes:
        work.count(0, 0, f"Not needed: the files of run {work.run.origin} are sent.")
        return Answer(skip=True)
    try:
        work.wiring.datasets(work.run.connection.netsuite).test_connection()
    except NoSlot as none:
        begun = moment(work.record.started)
        if begun and work.wiring.clock.now() - begun > PATIENCE:
            text = f"NetSuite did not let a call begin for {PATIENCE.total_seconds() / 3600:.0f} hours: other programs use up its limit."
            raise NotSent(text, service="NetSuite") from none
        return Answer(done=False)
    work.count(0, 0, f"Logged in to NetSuite account {work.run.connection.netsuite.account_id}.")
    return Answer()


def revenue(work: Work) -> Answer:
    """A token of Zuora Revenue. Raises ZR_AUTH_FAILED, ZR_FORBIDDEN, ZR_API_NOT_ENABLED, ZR_UNREACHABLE."""
    side = work.run.connection.revenue
    work.wiring.revenue(side).test_connection()
    work.count(0, 0, f"Logged in to Zuora Revenue as {side.role}.")
    return Answer()

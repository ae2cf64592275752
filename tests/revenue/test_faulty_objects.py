"""Several objects of a run, some of them faulty: all faults are told at once, and nothing of what belongs together is sent alone."""

from __future__ import annotations

from tests.revenue.rules import rules
from tests.revenue.test_all_or_none import mail_text
from tests.revenue.world import RevenueWorld, invoice, line, order


@rules("8.rule.2")
def test_the_faults_of_all_objects_are_told_at_once(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1, ord_qty="two")], invoices=[invoice(1, inv_qty="three")])
    world.objects(line("Orders"), line("Invoices"))
    output = world.run("both-bad")
    assert output["outcome"] == "FAILED" and world.uploads() == []
    assert [(t.name, t.object) for t in world.result("both-bad").failures] == [("build", "1"), ("build", "2")]
    named = ("two", "three")
    assert all(value in output["message"] and value in mail_text(world) for value in named), output["message"]


@rules("8.rule.2")
def test_an_object_that_is_in_order_is_not_sent_beside_one_that_is_not(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1, ord_qty="two")], invoices=[invoice(1)])
    world.objects(line("Orders"), line("Invoices"))
    output = world.run("one-bad")
    assert output["outcome"] == "FAILED" and world.uploads() == []
    assert [f.state for f in world.files("one-bad")] == ["PREPARED"]
    assert world.run("again", resume="one-bad")["code"] == "NOT_RESUMABLE", "a part of what belongs together is never sent"
    assert world.uploads() == []

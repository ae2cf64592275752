"""Task 5: read the upload template afresh; the mapping must fit it."""

from __future__ import annotations

from tallybridge.revenue.codes import Code, TaskFailed
from tallybridge.revenue.mapping import find_targets
from tallybridge.revenue.work import Answer, Work
from tallybridge.zuora_revenue.template import Template

NOTE = "template"


def template(work: Work) -> Answer:
    """Columns, labels, types and date format of the object's template. Raises TEMPLATE_NOT_FOUND, TEMPLATE_COLUMN_MISSING."""
    name = work.line.template
    found = work.wiring.revenue(work.run.connection.revenue).template(name)
    if found is None:
        raise TaskFailed(Code.TEMPLATE_NOT_FOUND, f'Zuora Revenue has no upload template "{name}".')
    find_targets(work.line.mapping, found)
    work.keep(NOTE, found.to_json())
    work.count(0, 0, f'Template "{name}": {len(found.columns)} columns, dates as {found.date_format}.')
    return Answer()


def template_of(work: Work) -> Template:
    """The template that task 5 read."""
    return Template.from_json(work.note(NOTE))

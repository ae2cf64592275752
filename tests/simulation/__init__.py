"""Months of a tenant, made of a seed: documents, people on both sides, faults, deaths, changed settings. After every event, and in the end
when nothing disturbs any more, what must always hold is checked; a script that breaks it is made as short as it can be and printed."""

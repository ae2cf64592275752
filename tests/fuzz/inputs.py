"""How many inputs a test tries, and how they are counted: a few in the default suite, always the same; FUZZ of them with `make fuzz`."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

F = TypeVar("F", bound=Callable[..., Any])
TRIED: Counter[str] = Counter()
"""Inputs tried in this process, by the name of the test."""
MANY = int(os.environ.get("FUZZ", "0"))
"""Inputs of a cheap test; 0 in the default suite."""


def inputs(fewest: int, share: float = 1.0) -> Callable[[F], F]:
    """Below `given`: how many inputs a test tries. `share` is its part of FUZZ, for tests whose inputs take long."""

    def decorate(test: F) -> F:
        @functools.wraps(test)
        def counted(*arguments: Any, **named: Any) -> Any:
            TRIED[test.__name__] += 1
            return test(*arguments, **named)

        how: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
        return settings(max_examples=max(fewest, int(MANY * share)), derandomize=not MANY, **how)(counted)  # type: ignore[return-value]

    return decorate


CHOSEN = st.sampled_from(["Yes", "No", "", "2026-01-01", "2026-02-30", "=1+1", "<b>x</b>", "\u202e", "\x00", "NaN", "-0", "1e999"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), CHOSEN)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8
)
"""Any JSON value."""


def fields_of(model: Any) -> st.SearchStrategy[Any]:
    """Objects with some of a model's keys, and anything as their values, however deep the model is."""
    inner = {info.alias or name: ANYTHING for name, info in model.model_fields.items()}
    for name, info in model.model_fields.items():
        if hasattr(info.annotation, "model_fields"):
            inner[name] = ANYTHING | fields_of(info.annotation)
    keys = st.sampled_from(sorted(inner))
    return st.lists(keys, max_size=4, unique=True).flatmap(lambda names: st.fixed_dictionaries({n: inner[n] for n in names}))

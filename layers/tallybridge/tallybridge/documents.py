"""JSON documents that a person writes: read strictly, checked as a whole, and every fault named by its place."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Never, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]
DOCUMENT = "document"
"""The place of a fault that concerns the whole."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_SHOWN = 120
"""Characters of a wrong value that are shown."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, in words, and where, such as instances.0.objects.1.mapping.3.target."""

    place: str
    text: str

    def __str__(self) -> str:
        return f'"{self.place}"{" " if self.text.startswith(("is ", "must ", "stands ")) else ": "}{self.text}'


class Unusable(ValueError):
    """A document cannot be used; `faults` names everything that is wrong with it, at least one thing."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(map(str, self.faults)))

    @property
    def places(self) -> str:
        """The places, joined by commas."""
        return ", ".join(dict.fromkeys(fault.place for fault in self.faults))


class _Object(dict[str, Any]):
    """A JSON object that knows which of its keys stood in it more than once."""

    twice: tuple[str, ...] = ()


def read_object(text: str) -> dict[str, Any]:
    """The one JSON object in a text, an empty one for an empty text. Raises `Unusable`: no JSON, no object, a key twice in one object, a
    number that JSON does not have, characters that are none, nested too deeply."""
    try:
        content = json.loads(text or "{}", object_pairs_hook=_object, parse_constant=_no_number)
        text.encode()
        json.dumps(content, ensure_ascii=False).encode()
        twice = [Fault(_joined(place), "stands there twice; keep one of them") for place in _twice(content, ())]
    except UnicodeEncodeError:
        raise Unusable([Fault(DOCUMENT, "it has half a character (an unpaired surrogate)")]) from None
    except RecursionError:
        raise Unusable([Fault(DOCUMENT, "is nested too deeply")]) from None
    except ValueError as wrong:
        raise Unusable([Fault(DOCUMENT, f"is not valid JSON: {wrong}")]) from wrong
    if twice:
        raise Unusable(twice)
    if not isinstance(content, dict):
        raise Unusable([Fault(DOCUMENT, "must be one JSON object")])
    return content


def read_model(model: type[Model], text: str, rules: Callable[[Model], Iterable[tuple[Place, str]]] = lambda made: ()) -> Model:
    """The document in a text as a model that meets the rules. Raises `Unusable` that names every fault."""
    content = read_object(text)
    try:
        made = model.model_validate(content)
    except ValidationError as wrong:
        raise Unusable([_explained(error) for error in wrong.errors()]) from wrong
    if faults := [Fault(_joined(place), text) for place, text in rules(made)]:
        raise Unusable(faults)
    return made


def _day(value: object) -> object:
    """Only texts are dates: a number would be taken for seconds since 1970."""
    if value is None or value == "" or isinstance(value, date):
        return value or None
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("must be a date in the form YYYY-MM-DD, in quotes")
    return value


def _clean(text: str) -> str:
    """Trimmed; what a person cannot see is refused."""
    if unseen := next((c for c in text.strip() if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")), ""):
        raise ValueError(f"must not contain a character that nobody sees (U+{ord(unseen):04X})")
    return text.strip()


Day = Annotated[date | None, BeforeValidator(_day)]
"""A date as YYYY-MM-DD, or nothing."""
Words = Annotated[str, AfterValidator(_clean)]
"""A text on one line, such as a name, without blanks around it."""


def when_given(check: Callable[[str], str]) -> AfterValidator:
    """The check of a text, for a setting that may be left empty."""
    return AfterValidator(lambda text: check(text) if text else text)


def refuse(found: Iterable[tuple[Place, str]]) -> None:
    """For validators of a whole model: refuses what a rule over several fields found, each at the place of the field, below the model."""
    faults = [InitErrorDetails(type=_custom(text), loc=place, input=None) for place, text in found]
    if faults:
        raise ValidationError.from_exception_data("document", faults)


def _custom(text: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{text}", {"text": text})


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        made.twice = tuple(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    return made


def _no_number(name: str) -> Never:
    raise ValueError(f"{name} is no number")


def _twice(value: Any, place: Place) -> Iterator[Place]:
    if isinstance(value, _Object):
        yield from ((*place, name) for name in value.twice)
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _twice(each, (*place, key))


def _explained(error: Any) -> Fault:
    place = _joined(error["loc"])
    if error["type"] == "extra_forbidden":
        return Fault(place, "is not a setting")
    text = str(error["msg"]).removeprefix("Value error, ")
    return Fault(place, text if error["type"] == "rule" else text + _shown(error["input"]))


def _shown(value: Any) -> str:
    """The wrong value, where it is short enough to help."""
    if isinstance(value, dict | list):
        return ""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return f" (found {text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + '...'})"


def _joined(place: Iterable[str | int]) -> str:
    return ".".join(str(part) if not isinstance(part, str) or len(part) <= MAX_SHOWN else part[:MAX_SHOWN] for part in place) or DOCUMENT

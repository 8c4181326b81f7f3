"""Turns domain values into JSON bodies and back, strictly and without losing what it does not know.

A *body* is the JSON object that travels to the server and stands in the store: text, integers,
booleans, null, lists and objects only. Decimals and dates are text, so that no figure is rounded.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

from fieldapp.clock import from_iso, to_iso

Body = dict[str, Any]
T = TypeVar("T")


_MOST_DIGITS = 30
"""Before or after the point of a figure. "1e999999" is short, and a million digits when shown."""


class BodyError(ValueError):
    """A body does not fit its kind; names the field, never its content.

    `known_code` is some code that this version knows, where the trouble is one that it does not.
    """

    def __init__(self, field: str, problem: str, known_code: str | None = None) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.known_code = known_code


def to_body(value: Any) -> Body:
    """Return the JSON body of a dataclass instance."""
    return {f.name: _dump(getattr(value, f.name)) for f in dataclasses.fields(value)}


def from_body(cls: type[T], body: Mapping[str, Any]) -> T:
    """Build `cls` from a body. Unknown fields are ignored here and kept by the store's body column.

    Raises BodyError when a required field is missing or a value has the wrong form.
    """
    arguments: dict[str, Any] = {}
    for name, required, load in _fields(typing.cast(type, cls)):
        if name in body:
            arguments[name] = load(body[name])
        elif required:
            raise BodyError(name, "missing")
    return cls(**arguments)


_Loader = Callable[[Any], Any]


@cache
def _fields(cls: type) -> tuple[tuple[str, bool, _Loader], ...]:
    """Name, whether it is required, and loader of every field; worked out once per class."""
    hints = typing.get_type_hints(cls)
    return tuple(
        (
            field.name,
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
            _loader(hints[field.name], field.name),
        )
        for field in dataclasses.fields(cls)
    )


def _dump(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str) and not isinstance(value, Enum):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if dataclasses.is_dataclass(value):
        return to_body(value)
    if isinstance(value, Mapping):
        return {str(key): _dump(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_dump(item) for item in value]
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _loader(hint: Any, field: str) -> _Loader:
    """Return the function that checks and reads one value of a field."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        (inner,) = [option for option in get_args(hint) if option is not type(None)]
        present = _loader(inner, field)
        return lambda value: None if value is None else present(value)
    if origin is tuple:
        item = _loader(get_args(hint)[0], field)
        return lambda value: tuple(map(item, _checked(value, list, field, "not a list")))
    if origin in (dict, Mapping) or hint is dict:
        item = _loader(get_args(hint)[1] if get_args(hint) else Any, field)
        return lambda value: {
            key: item(entry) for key, entry in _checked(value, dict, field, "not an object").items()
        }
    if hint is Any:
        return lambda value: value
    if dataclasses.is_dataclass(hint):
        nested = typing.cast(type, hint)
        return lambda value: from_body(nested, _checked(value, dict, field, "not an object"))
    if hint is bool or hint is int:
        return lambda value: _checked(value, hint, field, f"not {hint.__name__}")
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _code_loader(hint, field)
    return _text_loader(_text_parser(hint), field)


def _code_loader(codes: type[Enum], field: str) -> _Loader:
    known: dict[str, Enum] = {str(code.value): code for code in codes}
    first = next(iter(known))

    def load(value: Any) -> Any:
        code = known.get(_checked(value, str, field, "not text"))
        if code is None:
            raise BodyError(field, "unknown code", first)
        return code

    return load


def _text_loader(parse: Callable[[str], Any], field: str) -> _Loader:
    def load(value: Any) -> Any:
        text = _checked(value, str, field, "not text")
        try:
            return parse(text)
        except (ValueError, InvalidOperation):
            raise BodyError(field, "unknown value") from None

    return load


def _checked(value: Any, wanted: type, field: str, problem: str) -> Any:
    if type(value) is not wanted:  # isinstance would take true and false for integers
        raise BodyError(field, problem)
    return value


def _text_parser(hint: Any) -> Callable[[str], Any]:
    if hint is str:
        return str
    if hint is Decimal:
        return _finite
    if hint is datetime:
        return from_iso
    if hint is date:
        return date.fromisoformat
    raise TypeError(f"no loader for {hint}")


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("not finite, or too long to write out")
    return number

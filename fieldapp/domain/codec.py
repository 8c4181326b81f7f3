"""Turns domain values into JSON bodies and back, strictly and without losing what it does not know.

A *body* is the JSON object that travels to the server and stands in the store: text, integers,
booleans, null, lists and objects only. Decimals and dates are text, so that no figure is rounded.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin

from fieldapp.clock import from_iso, to_iso

Body = dict[str, Any]
T = TypeVar("T")


class BodyError(ValueError):
    """A body does not fit its kind; names the field, never its content."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def to_body(value: Any) -> Body:
    """Return the JSON body of a dataclass instance."""
    return {f.name: _dump(getattr(value, f.name)) for f in dataclasses.fields(value)}


def from_body(cls: type[T], body: Mapping[str, Any]) -> T:
    """Build `cls` from a body. Unknown fields are ignored here and kept by the store's body column.

    Raises BodyError when a required field is missing or a value has the wrong form.
    """
    hints = _hints(cls)
    arguments: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if field.name in body:
            arguments[field.name] = _load(hints[field.name], body[field.name], field.name)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise BodyError(field.name, "missing")
    return cls(**arguments)


def _hints(cls: type) -> dict[str, Any]:
    if cls not in _HINTS:
        _HINTS[cls] = typing.get_type_hints(cls)
    return _HINTS[cls]


_HINTS: dict[type, dict[str, Any]] = {}


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


def _load(hint: Any, value: Any, field: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in get_args(hint):
            return None
        (inner,) = [option for option in get_args(hint) if option is not type(None)]
        return _load(inner, value, field)
    if origin is tuple:
        if not isinstance(value, list):
            raise BodyError(field, "not a list")
        item_hint = get_args(hint)[0]
        return tuple(_load(item_hint, item, field) for item in value)
    if origin in (dict, Mapping) or hint is dict:
        if not isinstance(value, dict):
            raise BodyError(field, "not an object")
        item_hint = get_args(hint)[1] if get_args(hint) else Any
        return {key: _load(item_hint, item, field) for key, item in value.items()}
    return value if hint is Any else _load_scalar(hint, value, field)


def _load_scalar(hint: Any, value: Any, field: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise BodyError(field, "not an object")
        return from_body(typing.cast(type, hint), value)
    if hint is bool or hint is int:
        if type(value) is not hint:
            raise BodyError(field, f"not {hint.__name__}")
        return value
    if not isinstance(value, str):
        raise BodyError(field, "not text")
    try:
        return _parse_text(hint, value)
    except (ValueError, InvalidOperation):
        raise BodyError(field, "unknown value") from None


def _parse_text(hint: Any, text: str) -> Any:
    if hint is str:
        return text
    if hint is Decimal:
        number = Decimal(text)
        if not number.is_finite():
            raise ValueError("not finite")
        return number
    if hint is datetime:
        return from_iso(text)
    if hint is date:
        return date.fromisoformat(text)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(text)
    raise TypeError(f"no loader for {hint}")

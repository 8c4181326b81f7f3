"""Reads the JSON files of ``resources`` strictly: every field is named, typed and accounted for."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


class DefinitionError(ValueError):
    """A definition file is wrong; ``path`` says where (``items[2].options``), ``problem`` how."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'file'}: {problem}")
        self.path = path
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Source:
    """Where a clinical value comes from, whether it was checked there, and when it was reviewed."""

    text: str
    verified: bool
    reviewed_on: date
    owner: str = ""
    """Who answers for the value in the organisation; "" where nobody is named."""


class JsonObject:
    """One object of a definition file that knows its own path and which fields were read."""

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        self._values = values
        self._read: set[str] = set()
        self.path = path

    def fail(self, problem: str) -> DefinitionError:
        """Return the error to raise about this object as a whole."""
        return DefinitionError(self.path, problem)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that is not blank, or ``default`` where the field is absent."""
        if default is not None and key not in self._values:
            return default
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            raise DefinitionError(self._at(key), "must be a text that is not blank")
        return value

    def integer(self, key: str) -> int:
        """Return a whole number."""
        value = self._take(key)
        if type(value) is not int:
            raise DefinitionError(self._at(key), "must be a whole number")
        return value

    def optional_integer(self, key: str) -> int | None:
        """Return a whole number, or None where the field is absent."""
        return self.integer(key) if key in self._values else None

    def boolean(self, key: str, default: bool | None = None) -> bool:
        """Return true or false, or ``default`` where the field is absent."""
        if default is not None and key not in self._values:
            return default
        value = self._take(key)
        if type(value) is not bool:
            raise DefinitionError(self._at(key), "must be true or false")
        return value

    def day(self, key: str) -> date:
        """Return a date written yyyy-mm-dd."""
        try:
            return date.fromisoformat(self.text(key))
        except ValueError:
            raise DefinitionError(self._at(key), "must be a date yyyy-mm-dd") from None

    def one_of(self, key: str, allowed: Collection[str]) -> str:
        """Return a text that is one of ``allowed``."""
        value = self.text(key)
        if value not in allowed:
            raise DefinitionError(self._at(key), f"must be one of {', '.join(sorted(allowed))}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of different texts, none of them blank; absent means none."""
        found = []
        for position, value in enumerate(self._list(key)):
            if not isinstance(value, str) or not value.strip():
                raise DefinitionError(f"{self._at(key)}[{position}]", "must be a text")
            found.append(value)
        if len(set(found)) != len(found):
            raise DefinitionError(self._at(key), "names the same thing twice")
        return tuple(found)

    def child(self, key: str) -> JsonObject:
        """Return the object in a field."""
        return _object(self._take(key), self._at(key))

    def children(self, key: str) -> tuple[JsonObject, ...]:
        """Return the objects of a list; absent means none."""
        return tuple(
            _object(value, f"{self._at(key)}[{position}]")
            for position, value in enumerate(self._list(key))
        )

    def names(self) -> tuple[str, ...]:
        """Return the names of all fields, for objects that map free names to values."""
        return tuple(self._values)

    def has(self, key: str) -> bool:
        """True when a field is there, for those that may be absent."""
        return key in self._values

    def source(self) -> Source:
        """Return ``source``, ``verified``, ``reviewed_on``, and ``owner`` where one is named."""
        return Source(
            self.text("source"),
            self.boolean("verified"),
            self.day("reviewed_on"),
            self.text("owner", ""),
        )

    def done(self) -> None:
        """Raise when a field was never read: a misspelt threshold must not be passed over."""
        unread = sorted(set(self._values) - self._read)
        if unread:
            raise self.fail(f"unknown field {', '.join(unread)}")

    def _list(self, key: str) -> list[Any]:
        if key not in self._values:
            return []
        value = self._take(key)
        if not isinstance(value, list):
            raise DefinitionError(self._at(key), "must be a list")
        return value

    def _take(self, key: str) -> Any:
        if key not in self._values:
            raise DefinitionError(self._at(key), "is missing")
        self._read.add(key)
        return self._values[key]

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def parse_object(text: str) -> JsonObject:
    """Parse a file whose outermost value is an object. Raises DefinitionError."""
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise DefinitionError("", f"not JSON at line {error.lineno}") from None
    return _object(value, "")


def no_repeats(names: Collection[str], path: str) -> None:
    """Raise when two entries of a list carry the same code."""
    if len(set(names)) != len(names):
        raise DefinitionError(path, "names the same thing twice")


def _object(value: object, path: str) -> JsonObject:
    if not isinstance(value, dict):
        raise DefinitionError(path, "must be an object")
    return JsonObject(value, path)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DefinitionError("", "an object has the same field twice")
    return found

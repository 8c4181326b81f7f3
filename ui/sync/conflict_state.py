"""A conflict in words: both sides, who and when, and only the fields on which they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.kinds import KINDS
from fieldapp.services.conflicts import Conflict, Side
from ui.sync.state import when
from ui.words import amount, day_text, field_word, kind_word, word

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field to choose: its name and what the two sides say."""

    field: str
    title: str
    mine: str
    servers: str


@dataclass(frozen=True, slots=True)
class ConflictView:
    """What the dialog shows. `subject` is kind and patient; the heads say who and when."""

    subject: str
    mine_head: str
    servers_head: str
    fields: tuple[FieldView, ...]


def view(conflict: Conflict, names: Mapping[str, str], now: datetime) -> ConflictView:
    """Put a conflict into words. `names` are the names of the staff by id."""
    mine = _typed(conflict.kind, conflict.mine)
    servers = _typed(conflict.kind, conflict.servers)
    subject = " · ".join(
        part for part in (kind_word(conflict.kind), _which(mine), conflict.patient_name) if part
    )
    return ConflictView(
        subject=subject,
        mine_head=head(conflict.here, now, here=True),
        servers_head=head(conflict.there, now, here=False),
        fields=tuple(
            FieldView(
                name,
                field_word(name),
                value_text(mine.get(name), names),
                value_text(servers.get(name), names),
            )
            for name in conflict.fields
        ),
    )


def head(side: Side, now: datetime, *, here: bool) -> str:
    """Who, when and on which device, as far as it is known."""
    who = side.who or (translate("sync", "du") if here else translate("sync", "en kollega"))
    where = side.device_name or (
        translate("sync", "denne maskinen") if here else translate("sync", "en annen maskin")
    )
    return " · ".join(part for part in (who, _moment(side.when, now), where) if part)


def value_text(value: object, names: Mapping[str, str]) -> str:
    """A value of a field as people write it; "tomt" for nothing."""
    if value is None or value == "" or value == ():
        return translate("sync", "tomt")
    if isinstance(value, bool):
        return translate("sync", "ja") if value else translate("sync", "nei")
    if isinstance(value, Enum):
        return _code(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(OSLO):%d.%m.%Y %H:%M}"
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, Decimal):
        return amount(value)
    if isinstance(value, tuple | list):
        return ", ".join(value_text(part, names) for part in value)
    return names.get(str(value), str(value))


def _code(value: Enum) -> str:
    try:
        return word(value)
    except KeyError:
        return str(value.value)


def _typed(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with its dates, codes and figures as values; fields of a newer version as text."""
    known = KINDS.get(kind)
    if known is None:
        return dict(body)
    try:
        value: Any = from_body(known.value_type, body)
    except BodyError:
        return dict(body)
    return {name: getattr(value, name, body[name]) for name in body}


def _which(body: Mapping[str, Any]) -> str:
    """What tells records of one kind apart: the category of a flag, the name of a contact."""
    named = body.get("category") or body.get("name")
    return "" if named is None else value_text(named, {})


def _moment(moment: datetime | date | None, now: datetime) -> str:
    if isinstance(moment, datetime):
        return when(moment, now)
    return day_text(moment) if moment is not None else ""

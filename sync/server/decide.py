"""What becomes of one pushed change. Pure: values in, a named outcome out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fieldapp.domain.codec import BodyError
from fieldapp.domain.kinds import KINDS, Kind, Policy, policy_of
from fieldapp.domain.merge import FieldConflict, merge, rule_of
from sync.protocol.messages import Outcome
from sync.protocol.version import MAX_BODY_BYTES
from sync.server.bodies import canonical, same

Body = Mapping[str, Any]

_MOST_NESTED: Final = 64
"""Lists and objects inside one another. Every program that reads a record ends somewhere, and one
that ends sooner than this server could never get past the page that holds it."""


@dataclass(frozen=True, slots=True)
class Held:
    """The newest version that the server holds of the record."""

    patient_id: str | None
    version: int
    body: Body


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome; `store` is the body to store as a new version, None when nothing is stored."""

    outcome: Outcome
    store: Body | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """A pushed body as far as it can be judged by itself.

    `problem` says why it cannot be a record of its kind, as a code; None when it can. `text` is its
    canonical text, None where there is none or it is too large to keep.
    """

    text: str | None
    problem: str | None = None


def examine(kind: str, record_id: str, patient_id: str | None, body: Body) -> Examined:
    """Judge a pushed body by itself.

    Unknown kinds are taken word for word, and so are codes of a known kind that this version does
    not have: a newer laptop made them, or a list has changed since.
    """
    try:
        text = canonical(body)
        size = len(text.encode())
    except (ValueError, RecursionError):
        # NaN, infinity, half a surrogate pair: no JSON text can hold them.
        return Examined(None, "bad_body:json")
    if _is_too_deep(text, body):
        return Examined(None, "bad_body:json")
    if size > MAX_BODY_BYTES:
        return Examined(None, "too_large")
    if any(not name.isprintable() for name in (kind, record_id, patient_id or "")):
        return Examined(text, "bad_id")
    known = KINDS.get(kind)
    if known is not None:
        try:
            _check(known, record_id, patient_id, body)
        except BodyError as error:
            return Examined(text, f"bad_body:{error.field}")
    return Examined(text)


def _check(kind: Kind, record_id: str, patient_id: str | None, body: Body) -> None:
    """As `Kind.check`, with every code that this version does not know passed over."""
    unknown: set[str] = set()
    while True:
        try:
            kind.check(record_id, patient_id, body)
        except BodyError as error:
            if error.known_code is None or error.field in unknown:
                raise
            unknown.add(error.field)
            body = {**body, error.field: error.known_code}
        else:
            return


def _is_too_deep(text: str, body: Body) -> bool:
    if text.count("[") + text.count("{") <= _MOST_NESTED:
        return False
    level: list[Any] = [body]
    for _ in range(_MOST_NESTED):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, Mapping) else outer)
            if isinstance(inner, Mapping | list)
        ]
    return bool(level)


def problem_of(kind: str, record_id: str, patient_id: str | None, body: Body) -> str | None:
    """Return why the change cannot be a record of its kind, as a code, or None when it can."""
    return examine(kind, record_id, patient_id, body).problem


def decide(
    kind: str, patient_id: str | None, body: Body, held: Held | None, base: Body | None
) -> Decision:
    """Decide on a change that fits its kind.

    `base` is the body of the version that the edit was made on, None when the server does not
    know that version.
    """
    if held is None:
        return Decision(Outcome.ACCEPTED, store=body)
    if held.patient_id != patient_id:
        return Decision(Outcome.REFUSED, reason="other_patient")
    if same(body, held.body):
        return Decision(Outcome.REPEATED)
    if policy_of(kind) is Policy.EVENT:
        return Decision(Outcome.CONFLICT, reason="event_differs")
    return _edit(body, held, base, critical=rule_of(kind).critical)


def _edit(body: Body, held: Held, base: Body | None, *, critical: bool) -> Decision:
    joined = merge(base if base is not None else {}, held.body, body, critical=critical)
    if isinstance(joined, FieldConflict):
        return Decision(Outcome.CONFLICT, reason="same_field:" + ",".join(joined.fields))
    if same(joined.body, body):
        return Decision(Outcome.ACCEPTED, store=body)
    if same(joined.body, held.body):
        # Nothing in the edit is news to the server; its answer brings the laptop up to date.
        return Decision(Outcome.MERGED)
    return Decision(Outcome.MERGED, store=joined.body)

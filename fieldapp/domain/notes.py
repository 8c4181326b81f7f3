"""Visit notes: a draft that only its author's laptop holds, a signed note that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note (FHIR Composition). An addendum points to the note it corrects."""

    id: str
    patient_id: str
    author_id: str
    template: str
    text: str
    signed_at: datetime
    recorded_at: datetime
    device_id: str
    sequence: int
    """The device's own commit number; orders events of one device whatever its clock said."""
    encounter_id: str | None = None
    addendum_to: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """Unsigned work in a form. Its id becomes the id of the record it turns into.

    `form` names the form ("note", "screening", "rapid_test", "handout"); `body` is the form's own
    JSON. `open` is true while the form is on screen: a draft still open at start means a crash.
    """

    id: str
    patient_id: str
    form: str
    body: dict[str, object]
    saved_at: datetime
    encounter_id: str | None = None
    open: bool = True


class NoteError(ValueError):
    """A note cannot be signed; `code` names why ("empty")."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_signable(text: str) -> None:
    """Raise NoteError("empty") for a note that holds no words beyond white space and headings."""
    lines = [line.strip() for line in text.splitlines()]
    if not any(line and not line.endswith(":") for line in lines):
        raise NoteError("empty")

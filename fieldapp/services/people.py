"""Names for ids: who wrote, who gave, who takes part."""

from __future__ import annotations

from fieldapp.domain.collation import sort_key
from fieldapp.domain.patients import Practitioner
from fieldapp.services.session import Session
from fieldapp.store import patients as store


def staff(session: Session) -> list[Practitioner]:
    """The team as it is now, in Norwegian order."""
    found = [person for person in store.staff(session.database) if person.active]
    if all(person.id != session.user.id for person in found):
        found.append(session.user)  # before the first sync nobody else is known
    return sorted(found, key=lambda person: sort_key(person.name))


def everyone(session: Session) -> dict[str, Practitioner]:
    """Every member of staff, former ones too, by id; with the phone numbers."""
    found = {person.id: person for person in store.staff(session.database)}
    return {session.user.id: session.user, **found}


def names(session: Session) -> dict[str, str]:
    """The name of every member of staff, former ones too, by id."""
    found = {person.id: person.name for person in store.staff(session.database)}
    return {session.user.id: session.user.name, **found}

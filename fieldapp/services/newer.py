"""What colleagues changed about a patient while a form about that patient was open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldapp.domain.rights import Right
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import versions
from fieldapp.store.versions import Stand

Names = Mapping[tuple[str, str], Stand]

_SAYS_NOTHING = frozenset({"confirmed_on", "confirmed_by", "revision"})


@dataclass(frozen=True, slots=True)
class Newer:
    """One record that came with a sync. ``fields`` is empty for one that was not here before."""

    kind: str
    id: str
    fields: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        return not self.fields


@needs(Right.READ_PATIENTS)
def stand(session: Session, patient_id: str, kinds: Iterable[str]) -> Names:
    """How the patient's records of these kinds stand now."""
    return versions.of_patient(session.database, patient_id, kinds)


def since(before: Names, now: Names) -> list[Newer]:
    """What in ``now`` came from others after ``before``.

    A record written here keeps its version until the server has it, and then has its own text; so
    only a higher version with another text is somebody else's work.
    """
    found = []
    for name, present in now.items():
        known = before.get(name)
        if known is None:
            if present.version > 0:
                found.append(Newer(*name, ()))
        elif present.version > known.version and present.text != known.text:
            before_it, after = known.body, present.body
            fields = [field for field, value in after.items() if before_it.get(field) != value]
            telling = [field for field in fields if field not in _SAYS_NOTHING]
            if before_it != after:
                found.append(Newer(*name, tuple(telling or fields)))
    return found

"""Which version of a patient's records stands here, so that a form can tell what came meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from fieldapp.domain.merge import RULES, Policy
from fieldapp.store.db import Database
from fieldapp.store.outbox import Body, table_of


@dataclass(frozen=True, slots=True)
class Stand:
    """A record as it stands: the server version that it is based on (0: none) and its text.

    The text is read only where it is asked for: of ten years of doses hardly one has changed. That
    of an event is left out, for an event never changes.
    """

    version: int
    text: str

    @property
    def body(self) -> Body:
        """The record's fields; none of an event."""
        found: Body = json.loads(self.text) if self.text else {}
        return found


def of_patient(
    database: Database, patient_id: str, kinds: Iterable[str]
) -> dict[tuple[str, str], Stand]:
    """The records of these kinds about a patient, by kind and id."""
    found: dict[tuple[str, str], Stand] = {}
    for kind in kinds:
        text = "''" if RULES[kind].policy is Policy.EVENT else "body"
        rows = database.connection.execute(
            f"SELECT id, version, {text} AS text FROM {table_of(kind)}"  # noqa: S608 (from KINDS)
            " WHERE patient_id = ?",
            (patient_id,),
        )
        for row in rows:
            found[kind, str(row["id"])] = Stand(int(row["version"]), str(row["text"]))
    return found

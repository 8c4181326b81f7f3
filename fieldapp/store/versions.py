"""Which version of a patient's records stands here, so that a form can tell what came meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from fieldapp.store.db import Database
from fieldapp.store.outbox import Body, table_of


@dataclass(frozen=True, slots=True)
class Stand:
    """A record as it stands: the server version that it is based on (0: none) and its body."""

    version: int
    body: Body


def of_patient(
    database: Database, patient_id: str, kinds: Iterable[str]
) -> dict[tuple[str, str], Stand]:
    """The records of these kinds about a patient, by kind and id."""
    found: dict[tuple[str, str], Stand] = {}
    for kind in kinds:
        rows = database.connection.execute(
            f"SELECT id, version, body FROM {table_of(kind)}"  # noqa: S608 (a name from KINDS)
            " WHERE patient_id = ?",
            (patient_id,),
        )
        for row in rows:
            stand = Stand(int(row["version"]), json.loads(str(row["body"])))
            found[kind, str(row["id"])] = stand
    return found

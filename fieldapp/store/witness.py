"""Who can sign as a witness here, and what waits for a signature."""

from __future__ import annotations

import json
from collections.abc import Iterable

from fieldapp.domain.handout_events import WitnessStatement
from fieldapp.domain.medication import MedicationAdministration, effective
from fieldapp.domain.supply import SupplyMovement
from fieldapp.store import records
from fieldapp.store.db import Database

_UNSIGNED = (
    " NOT EXISTS (SELECT 1 FROM witness_statement"
    " WHERE witness_statement.target_id = {table}.id"
    " AND witness_statement.body ->> '$.author_id' = ?1)"
)


def active_ids(database: Database) -> set[str]:
    """Return the practitioners with a code that counts."""
    rows = database.connection.execute("SELECT id FROM witness_code WHERE body ->> '$.active' = 1")
    return {str(row["id"]) for row in rows}


def unsigned_handouts(database: Database, practitioner_id: str) -> list[MedicationAdministration]:
    """Return standing handouts that name this witness, without their code or signature."""
    found = records.select(
        database,
        MedicationAdministration,
        "body ->> '$.witness.practitioner_id' = ?1 AND body ->> '$.witness.by_code' = 0"
        " AND body ->> '$.author_id' <> ?1 AND"
        + _UNSIGNED.format(table="medication_administration"),
        (practitioner_id,),
    )
    ids = json.dumps([dose.id for dose in found])
    counter = records.select(
        database,
        MedicationAdministration,
        "reverses IN (SELECT value FROM json_each(?))",
        (ids,),
    )
    return effective([*found, *counter])


def unsigned_lines(database: Database, practitioner_id: str) -> list[SupplyMovement]:
    """Return lines of the register that name this witness, without their code or signature.

    A handout's line follows the handout.
    """
    return records.select(
        database,
        SupplyMovement,
        "body ->> '$.witness_id' = ?1 AND body ->> '$.witness_by_code' = 0"
        " AND administration_id IS NULL AND body ->> '$.author_id' <> ?1 AND"
        + _UNSIGNED.format(table="supply_movement"),
        (practitioner_id,),
    )


def statements(database: Database, target_ids: Iterable[str]) -> list[WitnessStatement]:
    """Return the signatures on these acts, the oldest first."""
    return records.select(
        database,
        WitnessStatement,
        "target_id IN (SELECT value FROM json_each(?)) ORDER BY body ->> '$.recorded_at', id",
        (json.dumps(sorted(target_ids)),),
    )

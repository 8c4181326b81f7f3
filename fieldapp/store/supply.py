"""The lines of the narcotics register: this store's own and those of the others."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from fieldapp.clock import to_iso
from fieldapp.domain.codec import from_body
from fieldapp.domain.handout_events import WitnessStatement
from fieldapp.domain.supply import COUNTED_IN, SupplyMovement
from fieldapp.store import records
from fieldapp.store.db import Database
from fieldapp.store.records import Body


def last_own(database: Database, device_id: str, author_id: str) -> SupplyMovement | None:
    """The newest line of a store's own chain, or None before its first."""
    found = records.select(
        database,
        SupplyMovement,
        "device_id = ? AND author_id = ? ORDER BY sequence DESC, id DESC LIMIT 1",
        (device_id, author_id),
    )
    return found[0] if found else None


def own_lines(
    database: Database, device_id: str, author_id: str, limit: int
) -> list[SupplyMovement]:
    """The newest lines of a store's own chain, newest first."""
    return records.select(
        database,
        SupplyMovement,
        "device_id = ? AND author_id = ? ORDER BY sequence DESC, id DESC LIMIT ?",
        (device_id, author_id, limit),
    )


def all_lines(database: Database) -> list[SupplyMovement]:
    """Every line that this laptop holds."""
    return records.select(database, SupplyMovement)


def lines_and_bodies(database: Database) -> tuple[list[SupplyMovement], list[Body]]:
    """Every line, and word for word, so that its hash can be worked out again; read once."""
    rows = database.connection.execute("SELECT body FROM supply_movement")
    bodies: list[Body] = [json.loads(str(row["body"])) for row in rows]
    return [from_body(SupplyMovement, body) for body in bodies], bodies


def lines_of_ledgers(database: Database, ledgers: Iterable[str]) -> list[SupplyMovement]:
    """Every line into or out of one of these ledgers."""
    wanted = json.dumps(sorted(set(ledgers)))
    return records.select(
        database,
        SupplyMovement,
        "id IN (SELECT id FROM supply_movement WHERE source IN (SELECT value FROM json_each(?1))"
        " UNION SELECT id FROM supply_movement WHERE target IN (SELECT value FROM json_each(?1)))",
        (wanted,),
    )


def lines_of_handout(database: Database, administration_id: str) -> list[SupplyMovement]:
    """What a dose took out, and the counter-entry of that; usually one line or two."""
    return records.select(
        database, SupplyMovement, "administration_id = ? ORDER BY sequence", (administration_id,)
    )


def handouts_of_lines(database: Database, start: datetime, end: datetime) -> list[tuple[str, str]]:
    """(event id, patient id) of the handouts behind the lines of a time, where they are here."""
    rows = database.connection.execute(
        "SELECT dose.id AS id, dose.patient_id AS patient_id FROM supply_movement AS line"
        " JOIN medication_administration AS dose ON dose.id = line.administration_id"
        " WHERE line.happened_at >= ? AND line.happened_at < ?",
        (to_iso(start), to_iso(end)),
    )
    return [(str(row["id"]), str(row["patient_id"])) for row in rows]


def counter_entry_of(database: Database, line_id: str) -> SupplyMovement | None:
    """The line that takes this one back, or None."""
    found = records.select(database, SupplyMovement, "reverses = ? ORDER BY id LIMIT 1", (line_id,))
    return found[0] if found else None


def bags_to_look_at(database: Database, device_id: str, author_id: str) -> list[str]:
    """The ledgers of a store's own bags, without those that are settled beyond doubt.

    A bag whose newest line of its own store brought it back (`fieldapp.services.register_acts`
    counts everything then), and into which nobody else wrote and nothing was reversed, is settled;
    years of them are not worked out anew at every handout.
    """
    rows = database.connection.execute(
        "SELECT bag.ledger FROM (SELECT DISTINCT target AS ledger FROM supply_movement"
        "  WHERE body ->> '$.type' = 'to_bag' AND device_id = ?1 AND author_id = ?2) AS bag"
        " WHERE EXISTS (SELECT 1 FROM supply_movement AS line WHERE line.target = bag.ledger"
        "  AND (line.reverses IS NOT NULL OR line.device_id <> ?1 OR line.author_id <> ?2))"
        " OR NOT EXISTS (SELECT 1 FROM supply_movement AS line WHERE line.id = ("
        "   SELECT id FROM ("
        "    SELECT * FROM (SELECT id, sequence FROM supply_movement WHERE source = bag.ledger"
        "     ORDER BY sequence DESC LIMIT 1)"
        "    UNION ALL"
        "    SELECT * FROM (SELECT id, sequence FROM supply_movement WHERE target = bag.ledger"
        "     ORDER BY sequence DESC LIMIT 1)"
        "   ) ORDER BY sequence DESC LIMIT 1)"
        "  AND (line.body ->> '$.type' = 'from_bag' OR line.body ->> '$.reason' = ?3))"
        " ORDER BY bag.ledger",
        (device_id, author_id, COUNTED_IN),
    )
    return [str(row["ledger"]) for row in rows]


def statements(database: Database, line_ids: Iterable[str]) -> list[WitnessStatement]:
    """The second persons' signatures on these lines, oldest first."""
    return records.select(
        database,
        WitnessStatement,
        "target_id IN (SELECT value FROM json_each(?)) ORDER BY body ->> '$.recorded_at', id",
        (json.dumps(sorted(line_ids)),),
    )

"""A database that can grow no further, without a disk of its own: nothing half stored."""

from __future__ import annotations

import pytest

from sync.protocol.errors import ServerFullError
from sync.protocol.messages import ExchangeRequest, LaptopReport, PushRecord
from sync.server.storage.storage import Storage
from tests.sync.server.team import Team, change, note, patient


def limit_pages(storage: Storage, pages: int | None) -> None:
    """Let the database grow by so many pages at most; None: as it likes."""
    with storage.write() as transaction:
        ((present,),) = transaction._db.rows("PRAGMA page_count")
        most = 1 << 30 if pages is None else int(present) + pages
        transaction._db.rows(f"PRAGMA max_page_count = {most}")


def exchange(team: Team, records: list[PushRecord]) -> ExchangeRequest:
    report = LaptopReport(
        now=team.clock.now(), app_version="1", waiting=1, parked=0, conflicts=0, drafts_unsent=0
    )
    return ExchangeRequest(report=report, records=records)


def test_a_batch_that_does_not_fit_is_not_stored_at_all_and_fits_when_there_is_room(
    embedded: Storage,
) -> None:
    team = Team(embedded)
    laptop = team.laptop("kari")
    laptop.push_one(change(patient()))
    batch = [change(note(f"n{number}", text=f"{number} " * 3000)) for number in range(20)]
    limit_pages(embedded, 8)
    for _ in range(2):
        with pytest.raises(ServerFullError):
            laptop.service.exchange(exchange(team, batch))
        with pytest.raises(ServerFullError):
            laptop.push(*batch)
    with embedded.read() as transaction:
        assert not transaction.records.of_patient("p1", "note")
        assert transaction.facts.kept_digest() == transaction.facts.worked_out_digest()
    limit_pages(embedded, None)
    receipt = laptop.service.exchange(exchange(team, batch)).receipt
    assert all(result.outcome.stored for result in receipt.results)
    with embedded.read() as transaction:
        assert len(transaction.records.of_patient("p1", "note")) == 20

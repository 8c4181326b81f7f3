"""Puts a team on a server and its case manager's laptops beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sync.server.admin import Place
from tests.bench import _laptop, _office, _workload
from tests.bench._office import Member
from tests.bench._workload import Record, Workload


def make_team(
    server: Path, laptops: Sequence[Path], workload: Workload, records: Sequence[Record]
) -> None:
    """Make a server in its folder that holds `records`, and enrol empty laptops of the author of
    the workload's day, who follows every patient of theirs. The server does not run afterwards."""
    author = workload.author_id
    patients = tuple(sorted({_workload.patient_of(record) for record in records}))
    members = [
        Member(one, f"u{number}", patients if one == author else ())
        for number, one in enumerate(workload.staff)
    ]
    username = next(member.username for member in members if member.id == author)
    storage = Place(server).create()
    try:
        _office.fill(storage, members, records)
        with _office.running("--data", str(server)) as (process,):
            for laptop in laptops:
                code = _office.enrol_code(storage, username)
                _laptop.make(laptop, process.url, code, username)
    finally:
        storage.close()

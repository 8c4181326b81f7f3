"""A laptop's sync as a process that can be killed: STORE URL TOKEN. Says a line at every step."""

from __future__ import annotations

import sys
from pathlib import Path

from fieldapp.clock import SystemClock
from fieldapp.ids import new_id
from fieldapp.store.db import Database
from sync.client.engine import Engine, Progress
from sync.client.http import HttpSyncService
from sync.client.line import Line
from tests.helpers.sync_world import ShakyLine, laptop_key


class SpeakingLine(ShakyLine):
    """Tells the other process before and after each call, so that it can choose its moment."""

    def _call(self, name, real):  # type: ignore[no-untyped-def]
        _tell("before", name)
        answer = super()._call(name, real)
        _tell("after", name)
        return answer


def main(store: str, url: str, token: str) -> None:
    database = Database.open(Path(store), laptop_key)
    with HttpSyncService(url, lambda: token, Line()) as service:
        engine = Engine(
            SpeakingLine(service), database.clone, SystemClock(), new_id, batch_records=5
        )
        engine.run(_say, lambda: False)
    database.close()


def _tell(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def _say(progress: Progress) -> None:
    _tell("stored", progress.step)


if __name__ == "__main__":
    main(*sys.argv[1:])

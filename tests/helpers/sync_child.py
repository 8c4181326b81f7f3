"""A laptop's sync as a process to be killed: STORE URL TOKEN KEY. Says a line at every step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import SystemClock
from fieldapp.ids import new_id
from fieldapp.store.db import Database
from sync.client.device_login import DeviceLogin
from sync.client.engine import Engine, Progress
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.messages import ExchangeRequest, Page
from sync.protocol.service import Exchange
from tests.helpers.sync_world import ShakyLine, laptop_key


class SpeakingLine(ShakyLine):
    """Tells the other process before and after each answer, so that it can choose its moment."""

    def exchange(self, request: ExchangeRequest) -> Exchange:
        _tell("before", "exchange")
        answer = super().exchange(request)
        _tell("after", "receipt")
        return Exchange(answer.receipt, _told(answer.pages))


def _told(pages: Iterator[Page]) -> Iterator[Page]:
    for page in pages:
        _tell("after", "page")
        yield page


def main(store: str, url: str, token: str, key: str) -> None:
    database = Database.open(Path(store), laptop_key)
    signing_key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key))
    device = DeviceLogin(signing_key, SystemClock(), token=token)
    with HttpSyncService(url, device, Line()) as service:
        engine = Engine(
            SpeakingLine(service),
            database.clone,
            SystemClock(),
            new_id,
            batch_records=3,
            page_records=2,
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

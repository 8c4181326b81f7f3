"""What the server's services need from outside."""

from __future__ import annotations

from dataclasses import dataclass

from fieldapp.clock import Clock
from fieldapp.ids import IdMaker
from sync.server import auth
from sync.server.settings import Settings
from sync.server.storage.storage import Storage


@dataclass(frozen=True, slots=True)
class World:
    """What the service needs from outside; one per server process."""

    storage: Storage
    clock: Clock
    new_id: IdMaker
    hasher: auth.PasswordHasher
    settings: Settings

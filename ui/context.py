"""What every page is given: the open session and the window's shared services."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import SignalInstance

from ui.changes import ChangeBus

if TYPE_CHECKING:
    # The unlock page must be painted before these (and the cipher driver below them) are loaded.
    from fieldapp.services.session import Session
    from ui.opened import OpenedLines
    from ui.sync.state import SyncState
    from ui.tasks import TaskRunner
    from ui.theme import Theme


class Navigate(Protocol):
    """Opens a page by its name in ui.pages; the arguments go to the page's `show_for`."""

    def __call__(self, page: str, /, **args: object) -> None: ...


class SyncControl(Protocol):
    """What pages see of the sync coordinator (ui.sync.coordinator).

    Signals: `status_changed(object)`, `progress(object)`, `finished(object)`.
    """

    @property
    def status_changed(self) -> SignalInstance: ...

    @property
    def progress(self) -> SignalInstance: ...

    @property
    def finished(self) -> SignalInstance: ...

    @property
    def state(self) -> SyncState: ...

    @property
    def online(self) -> bool: ...

    @property
    def running(self) -> bool: ...

    def start(self) -> None: ...

    def sync_now(self) -> None: ...

    def cancel(self) -> None: ...

    def confirm(
        self,
        names: Sequence[tuple[str, str]],
        on_done: Callable[[int | None, str | None], None],
    ) -> None: ...

    def login(self, password: str, on_done: Callable[[str | None], None]) -> None: ...

    def close(self) -> None: ...


class LockControl(Protocol):
    """What pages see of the window's locks."""

    @property
    def has_pin(self) -> bool:
        """True while a PIN opens the window again."""

    def set_pin(self, pin: str) -> None:
        """Set a PIN for as long as the program runs. Slow. Raises PinWeakError."""

    def drop_pin(self) -> None:
        """From here on the passphrase is needed."""

    def minutes_changed(self) -> None:
        """The person has chosen another time without a touch; it holds at once."""

    def end(self) -> None:
        """Lock, and end the process: a fresh one begins at the unlock page."""


class KeyControl(Protocol):
    """What the settings page may do with the ways into the open store."""

    @property
    def username(self) -> str: ...

    def change_passphrase(self, old: str, new: str) -> None:
        """Slow. Raises the errors of the vault."""

    def offer_recovery_key(self) -> str:
        """A new key to be shown; it opens nothing yet."""

    def replace_recovery_key(self, passphrase: str, recovery_key: str) -> None:
        """Slow. The old one is dead after this. Raises the errors of the vault."""

    def escrow_fingerprint(self) -> str | None:
        """Of the organisation's key that can open the store; None when none can."""

    def escrow_told(self) -> str | None:
        """Of another key that the server now names; None when there is none."""

    def accept_escrow(self) -> None:
        """Let the key that was told take the old one's place. Raises DiskFullError."""

    def recovery_key_due(self) -> str:
        """Why a new recovery key is due: "unproved", "used", or "" when none is."""

    @property
    def took_escrow(self) -> bool:
        """True when the organisation can open the store since this unlocking."""


@dataclass(frozen=True, slots=True)
class AppContext:
    """Lives from unlock to lock. Pages never keep anything of it in a global.

    `verify_passphrase` proves that a passphrase opens the store, or raises the vault's errors; it
    is slow and runs off the GUI thread. None where there is no vault to ask, and so `locks`.
    """

    session: Session
    tasks: TaskRunner
    sync: SyncControl
    theme: Theme
    navigate: Navigate
    changes: ChangeBus
    verify_passphrase: Callable[[str], None] | None = None
    locks: LockControl | None = None
    keys: KeyControl | None = None
    opened: OpenedLines | None = None
    """Keeps the log's lines of opened patients that the store does not take yet."""

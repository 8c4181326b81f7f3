"""The ways into the open store, for the settings page."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ui.context import KeyControl

if TYPE_CHECKING:
    from fieldapp.bootstrap import Door


class Keys:
    """See `ui.context.KeyControl`."""

    def __init__(self, door: Door) -> None:
        self._door = door

    @property
    def username(self) -> str:
        return self._door.username

    def change_passphrase(self, old: str, new: str) -> None:
        self._door.change_passphrase(old, new)

    def offer_recovery_key(self) -> str:
        return self._door.rescue.offer_recovery_key()

    def replace_recovery_key(self, passphrase: str, recovery_key: str) -> None:
        self._door.replace_recovery_key(passphrase, recovery_key)

    def escrow_fingerprint(self) -> str | None:
        return self._door.escrow_fingerprint()

    def escrow_told(self) -> str | None:
        return self._door.escrow_told()

    def accept_escrow(self) -> None:
        self._door.accept_escrow()

    def recovery_key_due(self) -> str:
        return self._door.rescue.key_due() or ""

    @property
    def took_escrow(self) -> bool:
        return self._door.took_escrow


def keys_of(door: object) -> KeyControl | None:
    """The keys behind the window's door; None for a door without a vault."""
    real = getattr(door, "real", door)
    return Keys(cast("Door", real)) if hasattr(real, "rescue") else None

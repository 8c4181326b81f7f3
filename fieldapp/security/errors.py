"""Every way in which unlocking can be refused, one class each, with a stable code.

None of them leads to a new store or touches the database. Only a failed authentication tag counts
as a wrong secret; trouble with the keyring never does.
"""

from __future__ import annotations

from fieldapp.errors import Bug, UserError


class WrongSecretError(UserError):
    """The passphrase or the recovery key does not open this store."""

    code = "wrong_secret"


class RecoveryKeyMalformedError(UserError):
    """What was typed cannot be a recovery key: letters are missing or too many."""

    code = "recovery_key_malformed"


class LockedOutError(UserError):
    """Too many wrong passphrases; wait before the next one (seconds)."""

    code = "locked_out"

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class PassphraseTooShortError(UserError):
    """A passphrase needs twelve characters or four words."""

    code = "passphrase_too_short"


class KeyringLockedError(UserError):
    """The machine's keyring is locked or waits for an answer."""

    code = "keyring_locked"


class KeyringUnavailableError(UserError):
    """The machine has no keyring that this application trusts."""

    code = "keyring_unavailable"


class DeviceSecretMissingError(UserError):
    """The keyring works but no longer holds this store's device secret."""

    code = "device_secret_missing"


class KeyFileMissingError(UserError):
    """The key file is missing."""

    code = "keyfile_missing"


class KeyFileDamagedError(UserError):
    """The key file is damaged or was altered."""

    code = "keyfile_damaged"


class KeyFileTooNewError(UserError):
    """The key file was written by a newer version of the application."""

    code = "keyfile_too_new"


class StoreExistsError(UserError):
    """There already is a store in this place; it is left as it is."""

    code = "store_exists"


class StoreUnfinishedError(UserError):
    """Creating the store was interrupted before it was ever used; create it again."""

    code = "store_unfinished"


class VaultLockedError(Bug):
    """This needs an unlocked vault."""

    code = "vault_locked"


class VaultOpenError(Bug):
    """This vault is already unlocked."""

    code = "vault_open"

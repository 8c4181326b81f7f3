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


class WrongPinError(UserError):
    """The PIN is wrong; that many tries (left) remain before the passphrase is asked for."""

    code = "wrong_pin"

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


class PinGoneError(UserError):
    """There is no PIN (any more) in this process; the passphrase opens the store."""

    code = "pin_gone"


class PinWeakError(UserError):
    """A PIN needs six digits that are not the first ones a finder would try."""

    code = "pin_weak"


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


class KeyFileOtherStoreError(UserError):
    """The key file belongs to another store; nothing is changed."""

    code = "keyfile_other_store"


class KeyFileTooNewError(UserError):
    """The key file was written by a newer version of the application."""

    code = "keyfile_too_new"


class SlotTooWeakError(UserError):
    """The passphrase is stored with less protection than is set here; it is not tried."""

    code = "slot_too_weak"


class EscrowMissingError(UserError):
    """This store has no slot for the organisation's escrow, or was never asked to answer one."""

    code = "escrow_missing"


class EscrowNotAskedError(UserError):
    """No request of this store waits for an answer; make a new one."""

    code = "escrow_not_asked"


class EscrowKeyMalformedError(UserError):
    """An escrow's public key is 64 hexadecimal digits."""

    code = "escrow_key_malformed"


class EscrowFileError(UserError):
    """The file is not the request or answer of an escrow, or was altered."""

    code = "escrow_file"


class EscrowOtherKeyError(UserError):
    """The request was made for another key of the organisation than these papers hold."""

    code = "escrow_other_key"


class EscrowOtherStoreError(UserError):
    """The answer is for another store."""

    code = "escrow_other_store"


class EscrowOtherRequestError(UserError):
    """The answer belongs to another request of this store."""

    code = "escrow_other_request"


class EscrowAnswerDamagedError(UserError):
    """The answer was altered on its way."""

    code = "escrow_answer_damaged"


class ShareMalformedError(UserError):
    """A line of an officer's paper was mistyped (its number; 0 when all lines look right)."""

    code = "share_malformed"

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class ShareOtherKeyError(UserError):
    """The two papers belong to different keys."""

    code = "share_other_key"


class SharesDoNotMatchError(UserError):
    """The two parts do not belong together: one paper twice, or not each other's."""

    code = "shares_do_not_match"


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

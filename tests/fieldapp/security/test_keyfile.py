"""The key file: every altered field is noticed, and a write is whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldapp.clock import FixedClock
from fieldapp.errors import FieldAppError
from fieldapp.security import keyfile
from fieldapp.security.errors import (
    KeyFileDamagedError,
    KeyFileTooNewError,
    WrongSecretError,
)
from fieldapp.security.kdf import FAST
from fieldapp.store.errors import DiskFullError
from tests.fieldapp.security.conftest import Place
from tests.helpers.stores import PASSPHRASE, START, USERNAME

Document = dict[str, Any]
ROOT_KEY = bytearray(range(32))
DEVICE_SECRET = bytearray(range(100, 132))


def _alter(path: Path, change: Callable[[Document], object]) -> None:
    """Change a stored key file as someone would who knows how to make the checksum fit."""
    document = json.loads(path.read_bytes())
    change(document)
    document.pop("checksum")
    document["checksum"] = keyfile._checksum(document)
    for place in (path, keyfile.backup_path(path)):
        place.write_text(json.dumps(document), encoding="utf-8")


def _passphrase_slot(document: Document) -> Document:
    return next(slot for slot in document["slots"] if slot["type"] == "passphrase")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: _passphrase_slot(d).update(user="mallory"), WrongSecretError),
        (lambda d: _passphrase_slot(d).update(device_bound=False), WrongSecretError),
        (lambda d: _passphrase_slot(d).update(created="2020"), WrongSecretError),
        (lambda d: _passphrase_slot(d)["kdf"].update(t=2), WrongSecretError),
        (lambda d: _passphrase_slot(d)["kdf"].update(m=8), KeyFileDamagedError),
        (lambda d: _passphrase_slot(d)["kdf"].update(m=1 << 22), KeyFileDamagedError),
        (lambda d: _passphrase_slot(d)["kdf"].update(alg="md5"), KeyFileDamagedError),
        (lambda d: _passphrase_slot(d).pop("kdf"), KeyFileDamagedError),
        (lambda d: _passphrase_slot(d).update(ct="AAAA"), KeyFileDamagedError),
        (lambda d: d["db"].update(page_size=8192), KeyFileDamagedError),
        (lambda d: d["db"].update(page_size=3), KeyFileDamagedError),
        (lambda d: d["db"].update(epoch=2), KeyFileDamagedError),
        (lambda d: d.update(origin="demo"), KeyFileDamagedError),
        (lambda d: d.update(origin="elsewhere"), KeyFileDamagedError),
        (lambda d: d.update(generation=99), KeyFileDamagedError),
        (lambda d: d.update(mac=""), KeyFileDamagedError),
        (lambda d: d.update(slots=[_passphrase_slot(d)]), KeyFileDamagedError),
        (lambda d: d.update(slots=[]), KeyFileDamagedError),
        (lambda d: d.update(version=2), KeyFileTooNewError),
        (lambda d: d.update(format="other"), KeyFileDamagedError),
    ],
)
def test_an_altered_key_file_does_not_open_the_store(
    place: Place, change: Callable[[Document], object], expected: type[FieldAppError]
) -> None:
    vault = place.vault()
    _alter(vault.key_file_path, change)
    user = "mallory" if "mallory" in vault.key_file_path.read_text("utf-8") else USERNAME
    with pytest.raises(expected):
        vault.unlock(user, PASSPHRASE)


def test_a_flipped_byte_is_told_as_damage_and_not_as_a_wrong_passphrase(place: Place) -> None:
    path = place.vault().key_file_path
    whole = path.read_bytes()
    keyfile.backup_path(path).unlink()
    for position in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[position] ^= 0x01
        path.write_bytes(damaged)
        try:
            survived = keyfile.read(path)
        except (KeyFileDamagedError, KeyFileTooNewError):
            continue
        # Only a change that means nothing in JSON (a blank) may pass.
        assert survived.to_bytes() == whole


def _new_key_file() -> keyfile.KeyFile:
    made = keyfile.KeyFile.new("store", "test")
    made.add_passphrase_slot(ROOT_KEY, USERNAME, PASSPHRASE, DEVICE_SECRET, FAST, FixedClock(START))
    return made


def test_fields_of_a_later_version_are_kept_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = _new_key_file()
    made._document["note_for_later"] = {"kept": [1, 2]}
    made.write(path, ROOT_KEY)
    again = keyfile.read(path)
    again.check_mark(ROOT_KEY)
    again.remove_passphrase_slots()
    again.add_recovery_slot(ROOT_KEY, bytearray(32), FixedClock(START))
    again.write(path, ROOT_KEY)
    assert json.loads(path.read_bytes())["note_for_later"] == {"kept": [1, 2]}


def test_the_second_copy_is_read_when_the_first_is_gone_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "key"
    made = _new_key_file()
    made.write(path, ROOT_KEY)
    path.unlink()
    assert keyfile.read(path).to_bytes() == made.to_bytes()
    assert not path.exists()
    keyfile.heal(path, made)
    assert path.read_bytes() == made.to_bytes()


def test_an_outdated_second_copy_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = _new_key_file()
    made.write(path, ROOT_KEY)
    outdated = path.read_bytes()
    made.write(path, ROOT_KEY)
    keyfile.backup_path(path).write_bytes(outdated)
    keyfile.heal(path, keyfile.read(path))
    assert keyfile.backup_path(path).read_bytes() == path.read_bytes() != outdated


def test_a_full_disk_leaves_the_old_key_file_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"
    made = _new_key_file()
    made.write(path, ROOT_KEY)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fieldapp.store.files.os.fsync", full)
    with pytest.raises(DiskFullError):
        made.write(path, ROOT_KEY)
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["key", "key.bak"]


def test_each_slot_wraps_the_same_root_key(tmp_path: Path) -> None:
    made = _new_key_file()
    recovery_key = bytearray(b"r" * 32)
    made.add_recovery_slot(ROOT_KEY, recovery_key, FixedClock(START))
    first, second = made.slots
    assert made.open_passphrase_slot(first, PASSPHRASE, DEVICE_SECRET) == ROOT_KEY
    assert made.open_recovery_slot(second, recovery_key) == ROOT_KEY
    assert recovery_key == b"r" * 32

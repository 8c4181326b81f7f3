"""Whatever is wrong with the store, the unlock page names it and not one byte is changed."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from pytestqt.qtbot import QtBot

from fieldapp.bootstrap import Door
from fieldapp.clock import FixedClock
from fieldapp.security.keyring import ORIGINS, DeviceSecrets, KeyringBackend
from tests.helpers.laptop import make_door, store_folder
from tests.helpers.stores import PASSPHRASE, folder_contents
from tests.helpers.ward import AASE, NOW
from tests.scenarios.bad_input.conftest import ROOT, OpenWindow
from tests.scenarios.bad_input.screen import said, try_passphrase, unlock
from ui.today.page import TodayPage

WRONG = "en helt feil passfrase"


def test_a_wrong_passphrase_is_told_and_the_right_one_opens_the_same_window(
    qtbot: QtBot, open_window: OpenWindow, door: Door
) -> None:
    window = open_window(door)
    assert try_passphrase(qtbot, window, WRONG).startswith("Passfrasen stemmer ikke.")
    unlock(qtbot, window)
    assert window.workspace is not None
    assert isinstance(window.workspace.page, TodayPage)


def test_too_many_tries_count_down_in_words_and_a_restart_does_not_shorten_the_wait(
    qtbot: QtBot, open_window: OpenWindow, laptop: Path
) -> None:
    clock = FixedClock(NOW)
    window = open_window(make_door(laptop, clock))
    for _ in range(3):
        assert "stemmer ikke" in try_passphrase(qtbot, window, WRONG)
    assert try_passphrase(qtbot, window, PASSPHRASE).endswith("Du kan prøve igjen om 5 s.")
    page = window.unlock_page
    assert page is not None
    page.seconds.timeout.emit()
    assert page.message_text.endswith("om 4 s.")
    window.close()

    clock.advance(timedelta(seconds=2))
    again = open_window(make_door(laptop, clock))
    assert try_passphrase(qtbot, again, PASSPHRASE).endswith("om 3 s.")
    clock.advance(timedelta(seconds=3))
    page = again.unlock_page
    assert page is not None
    for _ in range(3):
        page.seconds.timeout.emit()
    unlock(qtbot, again)


# --- what is wrong with the files


def _missing(store: Path) -> None:
    (store / "journal.db").unlink()


def _empty(store: Path) -> None:
    (store / "journal.db").write_bytes(b"")


def _plaintext(store: Path) -> None:
    (store / "journal.db").write_bytes(b"SQLite format 3\x00" + bytes(4080))


def _first_page_overwritten(store: Path) -> None:
    _overwrite(store / "journal.db", 16, 4096)


def _middle_overwritten(store: Path) -> None:
    path = store / "journal.db"
    size = path.stat().st_size
    _overwrite(path, 4096 * (size // 4096 // 4), size)


def _one_page_deep_inside(store: Path) -> None:
    path = store / "journal.db"
    page = path.stat().st_size // 4096 * 2 // 3
    _overwrite(path, 4096 * page, 4096 * page + 16)


def _cut_in_half(store: Path) -> None:
    path = store / "journal.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _another_users_store(store: Path) -> None:
    """A database with the right form and another key."""
    path = store / "journal.db"
    path.write_bytes(random.Random(7).randbytes(path.stat().st_size))


def _key_file_damaged(store: Path) -> None:
    for name in ("journal.hvkey", "journal.hvkey.bak"):
        path = store / name
        path.write_bytes(path.read_bytes()[:40])


def _key_file_missing(store: Path) -> None:
    for name in ("journal.hvkey", "journal.hvkey.bak"):
        (store / name).unlink()


def _overwrite(path: Path, start: int, end: int) -> None:
    data = bytearray(path.read_bytes())
    data[start:end] = random.Random(11).randbytes(len(data[start:end]))
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_missing, "Lageret mangler eller er tomt."),
        (_empty, "Lageret mangler eller er tomt."),
        (_plaintext, "Lageret er ikke kryptert, og åpnes derfor ikke."),
        (_first_page_overwritten, "Lageret er skadet på disken."),
        (_middle_overwritten, "Lageret er skadet på disken."),
        (_one_page_deep_inside, "Lageret er skadet på disken."),
        (_cut_in_half, "Lageret er skadet på disken."),
        (_another_users_store, "Lageret er skadet på disken."),
        (_key_file_damaged, "Nøkkelfilen er skadet, så lageret kan ikke åpnes."),
        (_key_file_missing, "Nøkkelfilen mangler, så lageret kan ikke åpnes."),
    ],
)
def test_a_store_that_cannot_be_opened_is_named_and_left_as_it_is(
    qtbot: QtBot,
    open_window: OpenWindow,
    laptop: Path,
    damage: Callable[[Path], None],
    sentence: str,
) -> None:
    damage(store_folder(laptop))
    before = folder_contents(laptop)
    window = open_window(make_door(laptop))
    for _ in range(2):  # the second try must not find anything made by the first
        assert try_passphrase(qtbot, window, PASSPHRASE).startswith(sentence)
        assert folder_contents(laptop) == before
    assert "Prøv igjen om" not in said(window)


class _LockedKeyring:
    """A keyring whose prompt nobody answers."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked

    def delete_password(self, service: str, username: str) -> None:
        raise keyring.errors.KeyringLocked


@pytest.mark.parametrize(
    ("backend", "sentence"),
    [
        (keyring.backends.fail.Keyring, "Maskinens nøkkelring svarer ikke"),
        (keyring.backends.null.Keyring, "Nøkkelen til denne maskinen er borte fra nøkkelringen."),
        (_LockedKeyring, "Maskinens nøkkelring er låst."),
    ],
)
def test_trouble_with_the_keyring_is_named_and_never_counted_as_a_wrong_passphrase(
    qtbot: QtBot,
    open_window: OpenWindow,
    laptop: Path,
    backend: Callable[[], KeyringBackend],
    sentence: str,
) -> None:
    before = folder_contents(laptop)
    window = open_window(make_door(laptop, secrets=DeviceSecrets(backend(), ORIGINS)))
    for _ in range(5):
        assert try_passphrase(qtbot, window, PASSPHRASE).startswith(sentence)
    assert folder_contents(laptop) == before
    window.close()
    unlock(qtbot, open_window(make_door(laptop)))  # once the keyring answers again


# --- a second program


def test_a_second_program_is_refused_in_words_and_the_first_goes_on(
    qtbot: QtBot, open_window: OpenWindow, door: Door, laptop: Path
) -> None:
    window = open_window(door)
    workspace = unlock(qtbot, window)
    command = [sys.executable, "-m", "tests.helpers.window_child", str(laptop), PASSPHRASE]
    second = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert second.stdout.strip() == (
        "Programmet er allerede åpent i et annet vindu. Ingenting er endret. "
        "Bruk det vinduet, eller lukk det og prøv igjen."
    )
    workspace.navigate("patient", patient_id=AASE)
    assert "Ødegård" in said(window)
    window.close()
    third = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert third.stdout.strip() == "open"

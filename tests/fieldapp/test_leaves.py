"""The modules that everything else stands on: errors, clock, ids, paths and logs."""

from __future__ import annotations

import logging
import os
import stat
import sys
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import fieldapp.security.errors
import fieldapp.store.errors
from fieldapp import ids, logs, paths
from fieldapp.clock import OSLO, FixedClock, SystemClock, from_iso, to_iso
from fieldapp.errors import Bug, FieldAppError, RetryError, UserError
from tests.helpers.stores import START

# --- errors ---


def _all_errors() -> list[type[FieldAppError]]:
    modules = (fieldapp.security.errors, fieldapp.store.errors)
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]


def test_every_error_has_a_code_of_its_own_and_says_who_must_act() -> None:
    codes = [error.code for error in _all_errors()]
    assert len(codes) == len(set(codes))
    for error in _all_errors():
        assert issubclass(error, (UserError, RetryError, Bug))
        assert "code" in vars(error)


def test_the_codes_of_the_stores_refusals_are_stable() -> None:
    assert {
        "already_open",
        "db_damaged",
        "db_missing",
        "db_plaintext",
        "device_secret_missing",
        "disk_full",
        "driver_missing",
        "keyfile_damaged",
        "keyfile_missing",
        "keyring_locked",
        "keyring_unavailable",
        "locked_out",
        "read_only",
        "store_too_new",
        "wrong_secret",
    } <= {error.code for error in _all_errors()}


def test_an_error_speaks_a_sentence_with_its_facts() -> None:
    error = fieldapp.security.errors.LockedOutError(20)
    assert str(error) == "[locked_out] Too many wrong passphrases; wait before the next one" + (
        " (seconds). (20)"
    )


# --- clock ---


def test_an_instant_is_written_in_utc_with_milliseconds_and_read_back() -> None:
    moment = datetime(2026, 11, 22, 9, 15, 0, 123456, tzinfo=OSLO)
    assert to_iso(moment) == "2026-11-22T08:15:00.123Z"
    assert from_iso("2026-11-22T08:15:00.123Z") == datetime(
        2026, 11, 22, 8, 15, 0, 123000, tzinfo=UTC
    )
    assert from_iso("2026-11-22T09:15:00+01:00").tzinfo is UTC
    assert to_iso(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))).endswith(
        "23:00:00.000Z"
    )


def test_an_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_iso(datetime(2026, 11, 22, 8, 15))
    with pytest.raises(ValueError, match="time zone"):
        from_iso("2026-11-22T08:15:00")


def test_clocks_tell_the_time_in_utc() -> None:
    fixed = FixedClock(START.astimezone(OSLO))
    fixed.advance(timedelta(hours=2))
    assert to_iso(fixed.now()) == "2026-11-22T10:15:00.000Z"
    assert SystemClock().now().tzinfo is UTC


# --- ids ---


def test_ids_are_uuids_of_version_seven_in_the_order_they_were_made() -> None:
    made = [ids.new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    for text in (made[0], made[-1]):
        parsed = uuid.UUID(text)
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
        assert str(parsed) == text


def test_ids_stay_in_order_when_the_machines_clock_steps_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = ids.new_id()
    monkeypatch.setattr("fieldapp.ids.time.time_ns", lambda: 1)
    assert ids.new_id() > first


# --- paths ---


def test_resources_are_found_in_a_source_tree_and_in_a_bundle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert (paths.resources_dir().parent / "fieldapp").is_dir()
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert paths.resources_dir() == tmp_path / "resources"


def test_data_lie_in_the_users_own_local_folder() -> None:
    assert paths.data_dir().name == "fieldapp"
    assert paths.data_dir().is_absolute()


def test_no_user_name_leads_out_of_the_data_folder(tmp_path: Path) -> None:
    names = ["kari", "..", "../../etc", "a/b", "a\\b", "con", "Åse Ødegård", "a.b", "%2e", "x\0y"]
    folders = [paths.user_dir(tmp_path, name) for name in names]
    assert [folder.parent for folder in folders] == [tmp_path] * len(names)
    assert len(set(folders)) == len(names)
    assert all(folder.name.startswith("user-") and folder.name.isascii() for folder in folders)
    assert paths.user_dir(tmp_path, " KARI ") == paths.user_dir(tmp_path, "kari")
    with pytest.raises(ValueError, match="user name"):
        paths.user_dir(tmp_path, "  ")


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_private_folders_let_nobody_else_in(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    paths.make_private_folder(folder)
    folder.chmod(0o755)
    paths.make_private_folder(folder)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)] == [0o700] * 2


# --- logs ---


def test_the_log_holds_codes_and_places_but_no_message_of_an_exception(tmp_path: Path) -> None:
    handler = logs.set_up(tmp_path)
    logger = logging.getLogger("fieldapp.somewhere")
    try:
        try:
            try:
                raise ValueError("Åse Ødegård, 01017012345")
            except ValueError as error:
                raise fieldapp.store.errors.DiskFullError from error
        except FieldAppError:
            logger.exception("saving failed, %d rows", 3)
    finally:
        for name in ("fieldapp", "sync", "ui"):
            logging.getLogger(name).removeHandler(handler)
        handler.close()
    file = tmp_path / logs.LOG_NAME
    text = file.read_text(encoding="utf-8")
    assert "saving failed, 3 rows" in text
    assert "[disk_full]" in text
    assert "builtins.ValueError" in text
    assert "test_leaves.py:" in text
    assert "Ødegård" not in text
    assert "01017012345" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_full_log_is_rotated_and_stays_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 500)
    handler = logs.set_up(tmp_path)
    logger = logging.getLogger("fieldapp.somewhere")
    for number in range(100):
        logger.warning("line %d", number)
    for name in ("fieldapp", "sync", "ui"):
        logging.getLogger(name).removeHandler(handler)
    handler.close()
    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + logs.KEPT_FILES
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_the_users_with_a_folder_are_found_again_by_their_names(tmp_path: Path) -> None:
    assert paths.usernames(tmp_path / "none") == []
    for name in ("kari", "Åse Ødegård", "per.%hansen"):
        paths.user_dir(tmp_path, name).mkdir()
    (tmp_path / "server").mkdir()
    assert paths.usernames(tmp_path) == ["kari", "per.%hansen", "åse ødegård"]

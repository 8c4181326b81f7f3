"""A trial's stores are marked: they take invented numbers, and no real program opens them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldapp.errors import FieldAppError
from fieldapp.services import setup
from ui.app import maker_of_doors

PASSPHRASE = "bare til utprøving her"


def test_a_trial_takes_synthetic_numbers_without_a_keyring_and_stays_a_trial(
    tmp_path: Path,
) -> None:
    door = maker_of_doors(tmp_path, trial=True)("lise")
    door.create(PASSPHRASE)
    assert door.database is not None
    assert setup.takes_synthetic_numbers(door.database)
    door.lock()
    assert list(tmp_path.glob("DEMO-KEYRING-no-protection*"))

    again = maker_of_doors(tmp_path, trial=True)("lise")
    again.unlock(PASSPHRASE)
    again.lock()

    with pytest.raises(FieldAppError):
        maker_of_doors(tmp_path)("lise").unlock(PASSPHRASE)

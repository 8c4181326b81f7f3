"""What SQLCipher cannot see: pages, logs and files put back. A signed note never goes in silence.

Each fault is done to real files; then the store is opened as the program opens it.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.security.anchor import Anchor, Judgement
from fieldapp.services import notes
from fieldapp.store import claims, outbox, wholeness
from tests.torture._faults import DATABASE, LOG, PAGE, TOLD, WHOLE, Scene, Signed, suffer
from tests.torture._ward import FIRST_MOMENT, PATIENTS, make_ward, open_ward, store_folder
from tests.torture.store import read

SIGNED_BEFORE, SIGNED_AFTER = 3, 4


@dataclass
class Laptop:
    """`older`, then notes were signed, then `hot` (open, as a kill leaves it), then `locked`."""

    scene: Scene
    signed: Signed

    def opened(self) -> tuple[Signed, bool, list[str]]:
        """What the store holds, whether it takes itself for set back, and what it will send."""
        door, session = open_ward(self.scene.folder, FixedClock(FIRST_MOMENT))
        try:
            found = read(session)
            held = Signed(found.notes, found.doses, found.drafts)
            waiting = [item.record_id for item in outbox.items(session.database)]
            return held, claims.is_set_back(session.database), waiting
        finally:
            door.lock()


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    copies = tmp_path_factory.mktemp("put-back")
    folder = copies / "laptop"
    make_ward(folder)
    _sign(folder, SIGNED_BEFORE)
    shutil.copytree(folder, copies / "older")
    _sign(folder, SIGNED_AFTER, copies / "hot")
    shutil.copytree(folder, copies / "locked")
    dice = random.Random(1122)
    scene = Scene(folder, copies / "hot", copies / "locked", copies / "older", dice)
    made = Laptop(scene, Signed())
    made.signed, set_back, _ = made.opened()
    assert not set_back
    assert len(made.signed.notes) == SIGNED_BEFORE + SIGNED_AFTER
    return made


@pytest.fixture
def laptop(_made: Laptop) -> Laptop:
    _made.scene.lay(_made.scene.locked)
    return _made


def _sign(folder: Path, number: int, hot: Path | None = None) -> None:
    door, session = open_ward(folder, FixedClock(FIRST_MOMENT))
    for turn in range(number):
        body = {"template": "free", "text": f"Besøk {turn}. " * 40, "addendum_to": None}
        draft = notes.new_draft(session, PATIENTS[turn % 2], "note", None, body)
        notes.sign(session, draft.id)
    if hot is not None:
        notes.new_draft(session, PATIENTS[0], "note", None, {"text": "Ord " * 900})
        shutil.copytree(folder, hot)
    door.lock()


def _changed_pages(laptop: Laptop) -> list[int]:
    now = (store_folder(laptop.scene.locked) / DATABASE).read_bytes()
    before = (store_folder(laptop.scene.older) / DATABASE).read_bytes()
    both = min(len(now), len(before)) // PAGE
    return [
        number
        for number in range(1, both)
        if now[number * PAGE : (number + 1) * PAGE] != before[number * PAGE : (number + 1) * PAGE]
    ]


def _put_page_back(laptop: Laptop, number: int) -> None:
    laptop.scene.lay(laptop.scene.locked)
    old = (store_folder(laptop.scene.older) / DATABASE).read_bytes()
    with (laptop.scene.store / DATABASE).open("r+b") as file:
        file.seek(number * PAGE)
        file.write(old[number * PAGE : (number + 1) * PAGE])


def _silent_losses(laptop: Laptop) -> list[str]:
    """Put every changed page back in its turn; what was lost without a word."""
    lost = []
    for number in _changed_pages(laptop):
        _put_page_back(laptop, number)
        held, set_back, waiting = laptop.opened()
        unsent = [name for name in laptop.signed.notes if name not in waiting]
        gone = [name for name in laptop.signed.notes if name not in held.notes]
        if (gone or unsent) and not set_back:
            lost.append(f"page {number}: {len(gone)} gone, {len(unsent)} never sent")
    return lost


def test_whichever_page_is_put_back_no_signed_note_goes_in_silence(laptop: Laptop) -> None:
    assert len(_changed_pages(laptop)) > 5
    assert _silent_losses(laptop) == []


def test_without_the_comparison_the_same_pages_do_lose_notes_in_silence(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that the test above can fail, and that the cipher alone does not see it."""
    monkeypatch.setattr(wholeness, "gaps", lambda database: wholeness.Gaps())
    assert _silent_losses(laptop) != []


def test_a_note_whose_page_was_put_back_is_written_again_from_the_outbox(laptop: Laptop) -> None:
    mended = 0
    for number in _changed_pages(laptop):
        _put_page_back(laptop, number)
        held, set_back, waiting = laptop.opened()
        if set_back and set(laptop.signed.notes) <= set(held.notes) & set(waiting):
            mended += 1
        assert set(laptop.signed.notes) <= set(held.notes) | set(waiting)
    assert mended >= 2, "once from the outbox, once into it"


@pytest.mark.parametrize(
    "fault", ["an older database", "an older folder"], ids=lambda name: name.replace(" ", "_")
)
def test_an_older_copy_says_that_it_was_set_back(laptop: Laptop, fault: str) -> None:
    assert suffer(laptop.scene, fault, laptop.signed) == (TOLD, None)


def test_a_copy_of_the_same_session_is_older_as_soon_as_a_note_was_signed(
    laptop: Laptop, tmp_path: Path
) -> None:
    """Nothing was locked in between: the note outside is made with the signature itself."""
    door, session = open_ward(laptop.scene.folder, FixedClock(FIRST_MOMENT))
    session.settle()
    shutil.copy(laptop.scene.store / DATABASE, tmp_path / DATABASE)
    body = {"template": "free", "text": "Etter kopien.", "addendum_to": None}
    notes.sign(session, notes.new_draft(session, PATIENTS[0], "note", None, body).id)
    shutil.copytree(laptop.scene.folder, tmp_path / "as a power cut leaves it")
    door.lock()
    laptop.scene.lay(tmp_path / "as a power cut leaves it")
    shutil.copy(tmp_path / DATABASE, laptop.scene.store / DATABASE)
    (laptop.scene.store / LOG).unlink()
    assert laptop.opened()[1]


def test_a_byte_of_the_log_costs_no_signed_note_without_a_word(laptop: Laptop) -> None:
    log = (store_folder(laptop.scene.hot) / LOG).read_bytes()
    assert log, "the log is hot"
    outcomes = set()
    for place in range(0, len(log), max(1, len(log) // 12)):
        laptop.scene.lay(laptop.scene.hot)
        spoilt = bytearray(log)
        spoilt[place] ^= 0x40
        (laptop.scene.store / LOG).write_bytes(spoilt)
        held, set_back, _ = laptop.opened()
        assert set_back or set(laptop.signed.notes) <= set(held.notes), place
        outcomes.add(held.drafts == laptop.signed.drafts)
    assert False in outcomes, "the byte that lost something was among them"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("a flipped byte in the database", "db_damaged"),
        ("a flipped byte in both key files", "keyfile_damaged"),
        ("a flipped byte in the key file", WHOLE),
        ("a database cut short", "db_damaged"),
        ("a database of 0 bytes", "db_missing"),
        ("no database", "db_missing"),
        ("no log", WHOLE),
    ],
)
def test_each_fault_of_the_files_has_its_own_word_and_changes_nothing(
    laptop: Laptop, fault: str, code: str
) -> None:
    for _ in range(4):
        outcome, problem = suffer(laptop.scene, fault, laptop.signed)
        assert problem is None
        assert outcome == code or (fault == "no log" and "lost" in outcome), outcome


@pytest.mark.parametrize("spoil", ["number", "line"])
def test_without_the_notes_outside_an_older_database_opens_in_silence(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    """The proof that each of the notes is what finds it: either of the two alone is enough."""
    true_judge: Callable[..., Judgement] = Anchor.judge

    def with_one_note(anchor: Anchor, count: int | None, *_: object) -> Judgement:
        return true_judge(anchor, count if spoil == "line" else 10**9)

    monkeypatch.setattr(Anchor, "judge", with_one_note)
    found, _ = suffer(laptop.scene, "an older database", laptop.signed)
    assert found == (TOLD if spoil == "line" else "SILENT")

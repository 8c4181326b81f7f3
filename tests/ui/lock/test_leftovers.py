from __future__ import annotations

import pytest

from ui.lock.leftovers import Leftovers, Question, read


def test_what_is_kept_is_read_again_as_it_was() -> None:
    question = Question("Foreslå endring", (("Hvorfor?", "Søvnløs\nhver natt"),), "p-aase")
    left = Leftovers((question,), {"visit": {"patient_id": "p-odd", "text": "Møtte ikke"}})
    assert read(left.to_bytes()) == left


def test_nothing_is_kept_of_nothing() -> None:
    assert Leftovers().to_bytes() == b""
    assert read(b"") == Leftovers()


@pytest.mark.parametrize("data", [b"{", b"[]", b"{}", b'{"questions": [1], "pages": {}}', b"\xff"])
def test_what_is_not_understood_opens_the_window_all_the_same(data: bytes) -> None:
    assert read(data) == Leftovers()

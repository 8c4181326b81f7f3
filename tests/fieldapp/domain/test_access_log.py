"""The pure chain of the access log."""

from __future__ import annotations

from fieldapp.domain.access_log import START, Fields, chain_hash

LINE: Fields = ("2026-11-23T08:00:00Z", "u1", "patient_opened", "patient", "p1", "p1")


def test_the_hash_of_a_line_never_changes_between_versions() -> None:
    # Laptops hold chains made by older versions; the server must find them whole.
    assert chain_hash(START, LINE) == (
        "faf2ba5b9d8c3a95af0a9f4accede2c1807c84181de23579978cda65e6013379"
    )


def test_the_same_line_after_another_line_has_another_hash() -> None:
    assert chain_hash(chain_hash(START, LINE), LINE) != chain_hash(START, LINE)


def test_no_field_can_be_taken_for_its_neighbour_or_for_none() -> None:
    shifted: Fields = ("2026-11-23T08:00:00Z", "u1", "patient_opened", "patient", "p1p1", "")
    missing: Fields = ("2026-11-23T08:00:00Z", "u1", "patient_opened", "patient", "p1p1", None)
    assert len({chain_hash(START, line) for line in (LINE, shifted, missing)}) == 3

"""Edits in different fields join; the same field changed twice waits for a person."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.merge import FieldConflict, Merged, merge

bodies = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), min_size=3, max_size=3)


def test_edits_in_different_fields_are_joined() -> None:
    base = {"phone": "1", "address": "A"}
    merged = merge(base, {"phone": "2", "address": "A"}, {"phone": "1", "address": "B"})
    assert merged == Merged({"phone": "2", "address": "B"})


def test_the_same_field_changed_to_two_values_is_a_conflict_that_names_it() -> None:
    assert merge({"phone": "1"}, {"phone": "2"}, {"phone": "3"}) == FieldConflict(("phone",))


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    assert merge({"phone": "1"}, {"phone": "2"}, {"phone": "2"}) == Merged({"phone": "2"})


def test_a_field_that_an_older_program_does_not_know_is_kept() -> None:
    assert merge({"a": 1, "new": 5}, {"a": 1, "new": 6}, {"a": 2}) == Merged({"a": 2, "new": 6})


@given(bodies, bodies, bodies)
def test_neither_side_silently_loses_a_change(
    base: dict[str, int], server: dict[str, int], incoming: dict[str, int]
) -> None:
    outcome = merge(base, server, incoming)
    for field in base:
        changed = {side[field] for side in (server, incoming) if side[field] != base[field]}
        if isinstance(outcome, Merged):
            assert changed <= {outcome.body[field]}
        else:
            assert (len(changed) == 2) == (field in outcome.fields)

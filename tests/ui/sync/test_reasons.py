"""A change that the server did not take says why in plain words, and what the two sides hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fieldapp.services.sync_status import UnsentItem
from ui.sync.reasons import differences, reason_text

SERVER_REASONS = [
    "server_owned",
    "not_assigned",
    "other_patient",
    "bad_id",
    "bad_body:text",
    "not_storable",
    "change_id_reused",
    "event_differs",
    "same_field:phone,address",
    "too_large",
]


def parked(code: str, detail: str | None, servers: dict[str, object] | None = None) -> UnsentItem:
    return UnsentItem(
        change_id="c",
        patient_id="p",
        patient_name="Ødegård, Åse",
        kind="patient",
        title_code="",
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        state="parked",
        reason_code=code,
        reason_detail=detail,
        mine={"phone": "1", "address": "Lia 1", "city": "Dal"},
        servers=servers,
    )


@pytest.mark.parametrize("reason", SERVER_REASONS)
@pytest.mark.parametrize("as_conflict", [False, True])
def test_every_reason_of_the_server_has_a_sentence_that_says_nothing_is_lost(
    reason: str, as_conflict: bool
) -> None:
    item = parked("conflict" if as_conflict else reason, reason)
    assert "tatt vare på" in reason_text(item)
    assert "_" not in reason_text(item)


def test_an_edit_on_top_of_a_merge_is_told_like_any_other_conflict() -> None:
    assert "både her og av en kollega" in reason_text(parked("conflict", "phone"))


def test_only_the_fields_that_differ_are_listed_with_both_values() -> None:
    servers = {"phone": "2", "address": "Lia 1", "city": ""}
    assert differences(parked("conflict", "same_field:phone,address", servers)) == [
        "Telefon: her «1» · på serveren «2»"
    ]
    assert differences(parked("conflict", "event_differs", servers)) == [
        "Poststed: her «Dal» · på serveren «tomt»",
        "Telefon: her «1» · på serveren «2»",
    ]


def test_nothing_is_compared_when_the_server_gave_no_record() -> None:
    assert differences(parked("not_assigned", "not_assigned")) == []

from __future__ import annotations

from fieldapp.services import patients
from tests.helpers.ward import Ward
from ui.search.state import find


def test_a_patient_comes_before_a_page(ward: Ward) -> None:
    rows = patients.rows(ward.session)
    hits = find(rows, "per", ward.session.today())
    assert hits[0].title == "Ærø, Per Kristian"


def test_an_empty_field_offers_the_pages(ward: Ward) -> None:
    hits = find(patients.rows(ward.session), "", ward.session.today())
    assert [hit.target for hit in hits][:2] == ["today", "patients"]
    assert all(hit.patient_id is None for hit in hits)


def test_a_sami_name_is_found_without_its_accent(ward: Ward) -> None:
    hits = find(patients.rows(ward.session), "maret", ward.session.today())
    assert hits[0].patient_id == "p-maret"


def test_a_command_is_found_by_a_part_of_its_name(ward: Ward) -> None:
    hits = find(patients.rows(ward.session), "lås", ward.session.today())
    assert "command:lock" in [hit.target for hit in hits]

from __future__ import annotations

from datetime import date

from fieldapp.domain.patients import Flag, FlagCategory, FlagState, Patient, Sex
from ui.patient.header_state import Answer, header

TODAY = date(2026, 11, 23)
KARI = Patient(
    "p",
    "Ødegård",
    "Åse",
    national_id="12834112345",
    birth_date=date(1962, 3, 12),
    sex=Sex.FEMALE,
    address="Fjordveien 12",
    postal_code="8250",
    city="Rognan",
)


def _flag(
    category: FlagCategory, text: str = "", state: FlagState = FlagState.PRESENT, day: int = 2
) -> Flag:
    return Flag(f"{category}{text}", "p", category, state, text, date(2026, 3, day), "u")


def test_the_header_names_age_sex_and_a_masked_number() -> None:
    view = header(KARI, [], TODAY)
    assert view.age_and_sex == "64 år · kvinne"
    assert "12345" not in view.id_masked
    assert view.id_full == "128341 12345"
    assert view.address == "Fjordveien 12, 8250 Rognan"


def test_nobody_asked_and_none_known_are_different_answers() -> None:
    view = header(KARI, [_flag(FlagCategory.ALLERGY, state=FlagState.NONE_KNOWN)], TODAY)
    assert [item.sentence for item in view.none_known] == ["Allergi: ingen kjent"]
    assert "Voldsrisiko: ikke spurt" in [item.sentence for item in view.not_asked]


def test_two_allergies_are_both_shown() -> None:
    flags = [_flag(FlagCategory.ALLERGY, "penicillin"), _flag(FlagCategory.ALLERGY, "nøtter")]
    (item,) = header(KARI, flags, TODAY).present
    assert item.sentence == "Allergi: penicillin; nøtter"


def test_a_present_flag_outweighs_none_known() -> None:
    flags = [
        _flag(FlagCategory.ALLERGY, state=FlagState.NONE_KNOWN),
        _flag(FlagCategory.ALLERGY, "penicillin"),
    ]
    assert header(KARI, flags, TODAY).present[0].answer is Answer.PRESENT


def test_the_oldest_confirmation_is_the_one_shown() -> None:
    flags = [_flag(FlagCategory.ALLERGY, "a", day=9), _flag(FlagCategory.SUICIDE_RISK, "b", day=4)]
    assert header(KARI, flags, TODAY).confirmed == "bekreftet 04.03.2026"


def test_an_ended_flag_leaves_the_header() -> None:
    ended = Flag(
        "f",
        "p",
        FlagCategory.ALLERGY,
        FlagState.PRESENT,
        "penicillin",
        date(2026, 3, 2),
        "u",
        active=False,
    )
    assert header(KARI, [ended], TODAY).present == ()

from __future__ import annotations

from datetime import date

from fieldapp.domain.screening.instruments import Instrument
from fieldapp.domain.screening.scoring import score
from fieldapp.services import reference, screening
from tests.helpers.ward import AASE, Ward
from ui.screening.words import level_lines, score_view, trend_spoken


def _instrument(name: str) -> Instrument:
    return next(found for found in reference.instruments() if found.id == name)


AUDIT, DUDIT = _instrument("audit"), _instrument("dudit")


def _answers(instrument: Instrument, **given: int) -> dict[str, int]:
    return {item.id: 0 for item in instrument.items} | {
        key.removeprefix("q"): value for key, value in given.items()
    }


def test_missing_answers_give_a_range_in_words_and_no_level() -> None:
    view = score_view(score(AUDIT, {"1": 4, "2": 3}), AUDIT, "", None)
    assert view.level == "Ufullstendig: sum så langt 7, mulig 7–39"
    assert (view.advice, view.limits) == ("", ())


def test_an_unknown_norm_set_shows_both_cut_offs() -> None:
    view = score_view(score(DUDIT, _answers(DUDIT, q1=4), age=40), DUDIT, "", None)
    said = [line.text for line in view.limits]
    assert "Sannsynlig rusmiddelproblem: fra 2 poeng (kvinner fra 26 år) – nådd" in said
    assert "Sannsynlig rusmiddelproblem: fra 6 poeng (menn fra 26 år) – ikke nådd" in said
    assert view.level == "Under grensen eller Sannsynlig rusmiddelproblem"
    assert "Normsett er ikke valgt" in view.unclear


def test_a_known_norm_set_names_one_level_with_its_source() -> None:
    result = score(DUDIT, _answers(DUDIT, q1=4), norm_set="female", age=40)
    view = score_view(result, DUDIT, "", None)
    assert view.level == "Sannsynlig rusmiddelproblem"
    assert view.unclear == ""
    assert [source.text for source in view.sources] == [DUDIT.source.text]


def test_a_preliminary_limit_says_so() -> None:
    view = score_view(score(DUDIT, _answers(DUDIT, q1=4), age=20), DUDIT, "", None)
    assert any("foreløpig grense" in line.text for line in view.limits)


def test_an_answer_that_raises_the_level_offers_the_next_one() -> None:
    result = score(AUDIT, _answers(AUDIT, q4=3, q1=4, q2=1), norm_set="female", age=40)
    view = score_view(result, AUDIT, "", None)
    assert view.level == "Sone II"
    assert view.raised.startswith("Svarene tilsier å tilby tiltaket for Sone III")
    assert "Tegn på avhengighet (spørsmål 4–6)" in [line.text for line in view.findings]


def test_answers_of_an_affected_person_are_called_less_reliable() -> None:
    result = score(AUDIT, _answers(AUDIT), state_at_completion="intoxicated")
    view = score_view(result, AUDIT, "", "intoxicated")
    assert view.trust.startswith(
        "Tilstand ved utfylling: ruspåvirket. Svarene er mindre pålitelige"
    )
    assert view.trust_tone == "warn"


def test_the_levels_say_which_totals_they_cover() -> None:
    said = [line.text for line in level_lines(AUDIT, "female", 40)]
    assert said == ["Sone I: 0–7", "Sone II: 8–15", "Sone III: 16–19", "Sone IV: 20–40"]


def test_levels_without_a_norm_set_name_each_group() -> None:
    said = [line.text for line in level_lines(DUDIT, None, 40)]
    assert said[0] == "Under grensen: lavere enn neste grense"
    assert "kvinner" in said[1]
    assert "menn" in said[1]


def test_the_course_is_spoken_in_one_sentence(ward: Ward) -> None:
    trend = screening.trend(ward.session, AASE, "audit")
    assert trend_spoken(trend) == (
        "AUDIT over tid: siste 11 den 14.11.2026, ned 3 siden 24.09.2026"
    )
    assert trend.points[0].at.date() < date(2026, 11, 23)

"""What a score says in words: total or range, level, limits, findings, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.medication import ObservedState
from fieldapp.domain.observations import ScreeningResponse
from fieldapp.domain.patients import Patient, Sex
from fieldapp.domain.screening.instruments import Criterion, Instrument, Threshold
from fieldapp.domain.screening.scoring import Reliability, Score, score
from fieldapp.domain.strict_json import Source
from fieldapp.services.screening import Trend
from ui.screening.state import Form, skipped
from ui.widgets import Tone
from ui.words import clock_text, day_text, word

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Line:
    """One statement with where it comes from; `source` is None for what needs none."""

    text: str
    detail: str = ""
    source: Source | None = None
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class ResultView:
    """A result in words. `figure` is the total or the sum so far, `scale` what stands beside it."""

    heading: str
    figure: str
    scale: str
    level: str
    advice: str
    tone: Tone
    raised: str
    unclear: str
    limits: tuple[Line, ...]
    findings: tuple[Line, ...]
    sources: tuple[Source, ...]
    """Of the level, the limits and the findings."""
    trust: str
    trust_tone: Tone
    older: str


def progress_text(form: Form) -> str:
    """ "7 av 10 besvart"."""
    return translate("screening", "{done} av {total} besvart").format(
        done=form.answered, total=len(form.instrument.items)
    )


def question_text(form: Form) -> str:
    """ "Spørsmål 3 av 10"."""
    return translate("screening", "Spørsmål {number} av {total}").format(
        number=form.position + 1, total=len(form.instrument.items)
    )


def saved_text(moment: datetime) -> str:
    local = moment.astimezone(OSLO)
    return translate("screening", "Utkast lagret {time}").format(time=f"{local:%H:%M:%S}")


def answer_rows(form: Form) -> list[tuple[str, str, str, bool]]:
    """(item id, label, answer in words, missing) of every item, in order."""
    rows = []
    for number, item in enumerate(form.instrument.items, start=1):
        chosen = item.option(form.answers[item.id]) if item.id in form.answers else None
        if chosen is not None:
            said = f"{chosen.label} ({chosen.value})"
        elif skipped(form, item):
            said = translate("screening", "Hoppet over, teller 0")
        else:
            said = translate("screening", "Ikke besvart")
        missing = chosen is None and not skipped(form, item)
        rows.append((item.id, f"{number}. {item.label}", said, missing))
    return rows


def incomplete_text(result: Score) -> str:
    """ "Ufullstendig: sum så langt 12, mulig 12–28"."""
    return translate("screening", "Ufullstendig: sum så langt {sum}, mulig {low}–{high}").format(
        sum=result.sum_so_far, low=result.lowest, high=result.highest
    )


def missing_text(count: int) -> str:
    if count == 1:
        return translate(
            "screening",
            "1 spørsmål er ikke besvart. Det teller ikke som 0; resultatet blir et spenn uten "
            "nivå.",
        )
    return translate(
        "screening",
        "{count} spørsmål er ikke besvart. De teller ikke som 0; resultatet blir et spenn uten "
        "nivå.",
    ).format(count=count)


def norm_set_word(norm_set: str | None) -> str:
    """The word for a norm set, also for the one that was not chosen."""
    words = {
        "female": translate("screening", "Kvinne"),
        "male": translate("screening", "Mann"),
    }
    return words.get(norm_set or "", translate("screening", "Ikke valgt"))


def norm_set_hint(patient: Patient) -> str:
    """Say where the suggestion comes from, and what follows from choosing none."""
    if patient.sex is Sex.UNKNOWN:
        return translate(
            "screening", "Kjønn er ikke registrert. Uten normsett vises begge grensene."
        )
    return translate(
        "screening",
        "Forslag fra registrert kjønn: {sex}. Velg det som passer. Uten normsett vises begge "
        "grensene.",
    ).format(sex=word(patient.sex))


def state_word(code: str | None) -> str:
    if code is None:
        return translate("screening", "ikke vurdert")
    return word(ObservedState(code))


def level_tone(instrument: Instrument, code: str | None) -> Tone:
    """Calm for the lowest level, danger for the highest; the words say which."""
    tones: tuple[Tone, ...] = ("ok", "neutral", "warn", "danger")
    if len(instrument.bands) == 3:
        tones = ("ok", "warn", "danger")
    codes = [band.code for band in instrument.bands]
    return tones[min(codes.index(code), len(tones) - 1)] if code in codes else "neutral"


def form_score(form: Form, patient: Patient, today: date) -> Score:
    """What the answers so far amount to."""
    return score(
        form.instrument,
        form.effective,
        norm_set=form.norm_set,
        age=patient.age_on(today),
        state_at_completion=form.state,
    )


def response_view(
    response: ScreeningResponse, instrument: Instrument, patient: Patient, author: str
) -> ResultView:
    """A stored response in words. What another version of the definition scored stays as it was."""
    local = response.authored_at.astimezone(OSLO)
    heading = translate("screening", "{day} kl. {time} · {author}").format(
        day=day_text(local.date()), time=clock_text(response.authored_at), author=author
    )
    if response.scoring_hash != instrument.scoring_hash:
        return _stored_view(response, instrument, heading)
    result = score(
        instrument,
        response.answers,
        norm_set=response.norm_set,
        age=patient.age_on(local.date()),
        state_at_completion=response.state_at_completion,
    )
    return score_view(result, instrument, heading, response.state_at_completion)


def score_view(
    result: Score, instrument: Instrument, heading: str, state: str | None
) -> ResultView:
    """A score in words."""
    band = instrument.band(result.band) if result.band else None
    offered = instrument.band(result.offered_band) if result.offered_band else None
    raised = ""
    if band is not None and offered is not None and offered.code != band.code:
        raised = translate(
            "screening", "Svarene tilsier å tilby tiltaket for {band}: {advice}"
        ).format(band=offered.label, advice=_lowered(offered.advice))
    trust, trust_tone = trust_text(result.reliability, state)
    figure, scale = _figure(result.total, result.sum_so_far, instrument)
    limits = limit_lines(result, instrument)
    findings = finding_lines(result.findings, instrument)
    shown = [line.source for line in (*limits, *findings) if line.source is not None]
    return ResultView(
        heading=heading,
        figure=figure,
        scale=scale,
        level=_level(result, instrument),
        advice=band.advice if band is not None else "",
        tone=level_tone(instrument, result.band) if band is not None else "warn",
        raised=raised,
        unclear=_unclear(result, instrument),
        limits=limits,
        findings=findings,
        sources=(*_band_sources(result, band), *shown),
        trust=trust,
        trust_tone=trust_tone,
        older="",
    )


def trust_text(reliability: Reliability, state: str | None) -> tuple[str, Tone]:
    """How far the answers can be trusted, from the person's state while answering."""
    if reliability is Reliability.USUAL:
        return translate("screening", "Tilstand ved utfylling: upåvirket."), "neutral"
    if reliability is Reliability.NOT_RECORDED:
        return translate("screening", "Tilstanden ved utfylling er ikke vurdert."), "neutral"
    return translate(
        "screening",
        "Tilstand ved utfylling: {state}. Svarene er mindre pålitelige; vurder å gjenta.",
    ).format(state=state_word(state)), "warn"


def limit_lines(result: Score, instrument: Instrument) -> tuple[Line, ...]:
    """Every cut-off that may apply, held against the total.

    Where the level depends on what is not known, the limits of the levels stand there too.
    """
    unclear = len(result.possible_bands) > 1
    cutoffs = {criterion.code for criterion in instrument.cutoffs}
    lines = []
    for entry in result.results:
        if entry.code not in cutoffs and not unclear:
            continue
        reached = (
            translate("screening", "nådd") if entry.reached else translate("screening", "ikke nådd")
        )
        lines.append(
            Line(
                f"{entry.label}: {threshold_words(entry.threshold)} – {reached}",
                source=entry.threshold.source,
                tone="warn" if entry.reached else "neutral",
            )
        )
    return tuple(lines)


def threshold_words(threshold: Threshold) -> str:
    """ "fra 7 poeng (kvinner)", "fra 7 poeng (menn over 65 år)"."""
    group = {
        "female": translate("screening", "kvinner"),
        "male": translate("screening", "menn"),
    }.get(threshold.norm_set or "", "")
    low, high = threshold.minimum_age, threshold.maximum_age
    ages = ""
    if low is not None and high is not None:
        ages = translate("screening", "{low}–{high} år").format(low=low, high=high)
    elif low is not None:
        ages = translate("screening", "fra {low} år").format(low=low)
    elif high is not None:
        ages = translate("screening", "til og med {high} år").format(high=high)
    parts = [" ".join(filter(None, (group, ages)))] if group or ages else []
    if threshold.preliminary:
        parts.append(translate("screening", "foreløpig grense"))
    words = translate("screening", "fra {points} poeng").format(points=threshold.at_least)
    return f"{words} ({', '.join(parts)})" if parts else words


def finding_lines(codes: Sequence[str], instrument: Instrument) -> tuple[Line, ...]:
    """What single answers say, whatever the total."""
    rules = [instrument.finding(code) for code in codes]
    return tuple(
        Line(rule.label, source=rule.source, tone="warn") for rule in rules if rule is not None
    )


def level_lines(instrument: Instrument, norm_set: str | None, age: int | None) -> tuple[Line, ...]:
    """What the levels mean: each with its totals for this person, its advice and its source."""
    lines = []
    for position, band in enumerate(instrument.bands):
        applying = [limit for limit in band.thresholds if limit.may_apply(norm_set, age)]
        if not applying:
            continue
        lines.append(
            Line(
                f"{band.label}: {_totals(instrument, position, norm_set, age)}",
                band.advice,
                applying[0].source,
                level_tone(instrument, band.code),
            )
        )
    return tuple(lines)


def trend_spoken(trend: Trend) -> str:
    """The picture in one sentence, for a screen reader."""
    totals = [(point.at, point.total) for point in trend.points if point.total is not None]
    title = trend.instrument.title
    if not totals:
        return translate("screening", "{title}: ingen fullstendige resultater").format(title=title)
    last_at, last = totals[-1]
    said = translate("screening", "{title} over tid: siste {total} den {day}").format(
        title=title, total=last, day=day_text(last_at.astimezone(OSLO).date())
    )
    if len(totals) == 1:
        return said
    before_at, before = totals[-2]
    change = last - before
    since = day_text(before_at.astimezone(OSLO).date())
    if change == 0:
        return said + translate("screening", ", uendret siden {day}").format(day=since)
    words = (
        translate("screening", ", opp {points} siden {day}")
        if change > 0
        else translate("screening", ", ned {points} siden {day}")
    )
    return said + words.format(points=abs(change), day=since)


def total_words(total: int | None, low: int, high: int) -> str:
    """ "14", or "ufullstendig, mulig 8–20"."""
    if total is not None:
        return str(total)
    return translate("screening", "ufullstendig, mulig {low}–{high}").format(low=low, high=high)


def band_label(instrument: Instrument, code: str | None) -> str:
    band = instrument.band(code) if code else None
    return band.label if band is not None else translate("screening", "uten nivå")


def _stored_view(response: ScreeningResponse, instrument: Instrument, heading: str) -> ResultView:
    band = instrument.band(response.band) if response.band else None
    figure, scale = _figure(response.total, sum(response.answers.values()), instrument)
    level = band.label if band is not None else ""
    if response.total is None:
        level = translate(
            "screening", "Ufullstendig: sum så langt {sum}, mulig {low}–{high}"
        ).format(sum=figure, low=response.lowest, high=response.highest)
    return ResultView(
        heading=heading,
        figure=figure,
        scale=scale,
        level=level,
        advice="",
        tone=level_tone(instrument, response.band),
        raised="",
        unclear="",
        limits=(),
        findings=finding_lines(response.findings, instrument),
        sources=(),
        trust=translate("screening", "Tilstand ved utfylling: {state}.").format(
            state=state_word(response.state_at_completion)
        ),
        trust_tone="neutral",
        older=translate(
            "screening",
            "Skåret med en annen utgave av skjemaet. Resultatet vises slik det ble lagret.",
        ),
    )


def _band_sources(result: Score, band: Criterion | None) -> tuple[Source, ...]:
    if band is None:
        return ()
    return tuple(
        limit.source for limit in band.thresholds if limit.may_apply(result.norm_set, result.age)
    )


def _figure(total: int | None, sum_so_far: int, instrument: Instrument) -> tuple[str, str]:
    if total is None:
        return str(sum_so_far), translate("screening", "så langt")
    return str(total), translate("screening", "av {highest}").format(highest=instrument.highest)


def _level(result: Score, instrument: Instrument) -> str:
    if not result.complete:
        return incomplete_text(result)
    if result.band is not None:
        return band_label(instrument, result.band)
    labels = [band_label(instrument, code) for code in result.possible_bands]
    if not labels:
        return translate("screening", "Ingen grense gjelder for denne alderen")
    return translate("screening", " eller ").join(labels)


def _unclear(result: Score, instrument: Instrument) -> str:
    """Why no single level is named, when all is answered."""
    if not result.complete or len(result.possible_bands) < 2:
        return ""
    if result.norm_set is None:
        return translate(
            "screening", "Normsett er ikke valgt, så begge grensene vises. Nivået avhenger av det."
        )
    return translate("screening", "Alderen er ikke kjent, og nivået avhenger av den.")


def _totals(instrument: Instrument, position: int, norm_set: str | None, age: int | None) -> str:
    """The totals of one band: "8–15", or "fra 2 (kvinner) eller 6 (menn)" when it is not known."""
    starts = [_starts(band, norm_set, age) for band in instrument.bands]
    own = starts[position]
    if len(own) > 1:
        return " / ".join(threshold_words(limit) for limit in own)
    above = next((start for start in starts[position + 1 :] if start), ())
    if len(above) > 1:
        return translate("screening", "lavere enn neste grense")
    highest = above[0].at_least - 1 if above else instrument.highest
    return f"{own[0].at_least}–{highest}"


def _starts(band: Criterion, norm_set: str | None, age: int | None) -> tuple[Threshold, ...]:
    applying = [limit for limit in band.thresholds if limit.may_apply(norm_set, age)]
    applying.sort(key=lambda limit: limit.at_least)
    differing = all(one.at_least != other.at_least for one, other in pairwise(applying))
    return tuple(applying) if differing else (applying[0],)


def _lowered(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"

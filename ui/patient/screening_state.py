"""Scores and rapid tests in words, and the trend as points and bands."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.observations import RapidTest
from fieldapp.domain.screening.instruments import Instrument
from fieldapp.domain.toxicology import Reading
from fieldapp.services import reference
from fieldapp.services.screening import Trend
from fieldapp.services.screening import TrendPoint as Response
from ui.widgets import Tone, TrendBand, TrendPoint
from ui.words import day_text

translate = QCoreApplication.translate

_BAND_TONES: dict[int, tuple[Tone, ...]] = {
    1: ("neutral",),
    2: ("ok", "warn"),
    3: ("ok", "warn", "danger"),
    4: ("ok", "neutral", "warn", "danger"),
}


@dataclass(frozen=True, slots=True)
class ScoreLine:
    day: str
    score: str
    band: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class TrendView:
    """What one instrument's card shows. `points` is empty when there is no full score yet."""

    title: str
    latest: ScoreLine | None
    lines: tuple[ScoreLine, ...]
    points: tuple[TrendPoint, ...]
    bands: tuple[TrendBand, ...]
    highest: int
    spoken: str


def trend_view(trend: Trend) -> TrendView:
    """Put a trend into words and into the picture's values."""
    instrument = trend.instrument
    lines = tuple(_line(instrument, point) for point in reversed(trend.points))
    points = tuple(
        TrendPoint(
            point.at.astimezone(OSLO).date(), point.total, f"{point.at.astimezone(OSLO):%d.%m.}"
        )
        for point in trend.points
        if point.total is not None
    )
    bands = []
    ordered = sorted(trend.bands, key=lambda band: band.at_least)
    tones = _tones(len(ordered))
    for number, band in enumerate(ordered):
        last = number + 1 == len(ordered)
        top = instrument.highest if last else ordered[number + 1].at_least - 1
        bands.append(TrendBand(band.at_least, top, band.label, tones[number]))
    return TrendView(
        title=instrument.title,
        latest=lines[0] if lines else None,
        lines=lines,
        points=points,
        bands=tuple(bands),
        highest=instrument.highest,
        spoken=_spoken(instrument, lines),
    )


def _tones(count: int) -> tuple[Tone, ...]:
    """The calmest tone for the lowest band and the sharpest for the highest."""
    unknown: list[Tone] = ["neutral" for _ in range(count)]
    return _BAND_TONES.get(count, tuple(unknown))


def _line(instrument: Instrument, point: Response) -> ScoreLine:
    band = instrument.band(point.band or "")
    codes = [entry.code for entry in instrument.bands]
    tone: Tone = "neutral"
    if band is not None:
        tone = _tones(len(codes))[codes.index(band.code)]
    if point.total is None:
        score = translate("patient", "{low}–{high} poeng, ufullstendig").format(
            low=point.lowest, high=point.highest
        )
    else:
        score = translate("patient", "{count} poeng").format(count=point.total)
    day = day_text(point.at.astimezone(OSLO).date())
    return ScoreLine(day, score, band.label if band else "", tone)


def _spoken(instrument: Instrument, lines: tuple[ScoreLine, ...]) -> str:
    if not lines:
        return translate("patient", "{name}: ingen skår").format(name=instrument.title)
    told = "; ".join(f"{line.day}: {line.score} {line.band}".strip() for line in lines)
    return translate("patient", "{name}, nyeste først: {told}").format(
        name=instrument.title, told=told
    )


def rapid_test_lines(test: RapidTest) -> tuple[str, str]:
    """Title and findings of a rapid test; every result is preliminary."""
    panel = reference.rapid_tests().panel(test.panel)
    labels = {analyte.code: analyte.label for analyte in panel.analytes} if panel else {}
    positive = [
        labels.get(reading.analyte, reading.analyte)
        for reading in test.readings
        if reading.result == Reading.PRELIMINARY_POSITIVE
    ]
    day = day_text(test.taken_at.astimezone(OSLO).date())
    name = panel.name if panel else test.panel
    found = (
        translate("patient", "Foreløpig utslag: {what}").format(what=", ".join(positive))
        if positive
        else translate("patient", "Ingen foreløpige utslag")
    )
    return f"{day} · {name}", found

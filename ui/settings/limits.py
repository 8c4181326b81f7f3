"""Every clinical limit the program uses, with its source and whether it was checked there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from fieldapp.domain.screening.instruments import Criterion, Instrument
from fieldapp.domain.strict_json import Source
from fieldapp.domain.substances import SubstanceGroup
from fieldapp.services import reference
from ui.widgets import Row, RowTag
from ui.words import day_text

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit in words."""

    name: str
    value: str
    source: Source


def all_limits() -> list[Limit]:
    """Return the limits of handouts, depots and questionnaires, those not verified first."""
    questionnaires = (limit for one in reference.instruments() for limit in _instrument(one))
    found = [*_handout(), *_depots(), *questionnaires]
    return sorted(found, key=lambda limit: limit.source.verified)


def limit_row(number: int, limit: Limit) -> Row:
    """Show a limit with its mark: verified in its source, or still to be confirmed."""
    tag = RowTag(translate("settings", "Ikke bekreftet"), "warn", "circle-alert")
    if limit.source.verified:
        tag = RowTag(translate("settings", "Bekreftet"), "ok", "check")
    reviewed = translate("settings", "sett på {0}").format(day_text(limit.source.reviewed_on))
    return Row(
        id=str(number),
        title=f"{limit.name}: {limit.value}",
        detail=f"{limit.source.text} · {reviewed}",
        tags=(tag,),
    )


def _handout() -> Iterator[Limit]:
    table = reference.substances()
    for group in (*table.groups, table.other):
        yield from _group(group)


def _group(group: SubstanceGroup) -> Iterator[Limit]:
    days = translate("settings", "{0} dager uten dose")
    for limit, what in (
        (group.missed_warn, translate("settings", "kontakt rekvirent")),
        (group.missed_stop, translate("settings", "vurder på nytt først")),
    ):
        if limit is not None:
            yield Limit(f"{group.name}: {what}", days.format(limit.days), limit.source)
    for interval in (group.between_days, group.between_parts):
        yield Limit(group.name, interval.text, interval.source)


def _depots() -> Iterator[Limit]:
    for depot in reference.depots().depots:
        name = f"{depot.name} ({depot.product})"
        for part in (
            depot.interval,
            depot.window,
            depot.sites,
            depot.observation,
            depot.home_warning,
        ):
            if part is not None:
                yield Limit(name, part.text, part.source)
        for late in depot.late:
            for band in late.bands:
                yield Limit(f"{name} · {late.applies}", band.text, band.source)


def _instrument(instrument: Instrument) -> Iterator[Limit]:
    for criterion in (*instrument.bands, *instrument.cutoffs):
        yield from _criterion(instrument, criterion)


def _criterion(instrument: Instrument, criterion: Criterion) -> Iterator[Limit]:
    norms = {
        "female": translate("settings", "kvinner"),
        "male": translate("settings", "menn"),
        None: "",
    }
    for threshold in criterion.thresholds:
        group = norms.get(threshold.norm_set, "")
        value = translate("settings", "fra {0} poeng").format(threshold.at_least)
        yield Limit(
            f"{instrument.title} · {criterion.label}",
            f"{value} ({group})" if group else value,
            threshold.source,
        )

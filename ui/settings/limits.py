"""Every clinical limit the program uses, with its source and whether it was checked there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from fieldapp.domain.orders import Measured
from fieldapp.domain.screening.instruments import Criterion, Instrument
from fieldapp.domain.strict_json import Source
from fieldapp.domain.substances import SubstanceGroup
from fieldapp.services import reference
from ui.widgets import Row, RowTag
from ui.words import day_text, word

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit in words."""

    name: str
    value: str
    source: Source


def all_limits() -> list[Limit]:
    """Return every limit that is reference data, those not verified first."""
    questionnaires = (limit for one in reference.instruments() for limit in _instrument(one))
    found = [*_handout(), *_depots(), *_orders(), *_register(), *questionnaires]
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
    clock = translate("settings", "regnes som tatt kl. {0}")
    home = group.take_home_counted
    times = ", ".join(f"{at:%H.%M} ({word(part)})" for part, at in home.parts.items())
    name = translate("settings", "dose med hjem")
    yield Limit(f"{group.name}: {name}", clock.format(times), home.source)
    pharmacy = group.pharmacy_counted
    name = translate("settings", "apotekets dose uten melding")
    yield Limit(f"{group.name}: {name}", clock.format(f"{pharmacy.at:%H.%M}"), pharmacy.source)
    if group.dissolve_minutes is not None and group.dissolve_source is not None:
        watched = translate("settings", "ses på i minst {0} minutter").format(
            group.dissolve_minutes
        )
        name = translate("settings", "tablett under tungen")
        yield Limit(f"{group.name}: {name}", watched, group.dissolve_source)


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


def _orders() -> Iterator[Limit]:
    forms = reference.order_forms()
    longest = forms.longest_take_home
    yield Limit(translate("settings", "Doser med hjem"), longest.text, longest.source)
    for form in forms.forms:
        if form.measured is Measured.MILLILITRES:
            continue
        whole = translate("settings", "gis i hele")
        halved = translate("settings", "kan deles i to")
        yield Limit(form.name.capitalize(), whole if form.parts == 1 else halved, form.source)


def _register() -> Iterator[Limit]:
    found = reference.register()
    name = translate("settings", "Narkotikaregnskap")
    for finest in found.finest:
        yield Limit(name, finest.text, finest.source)
    yield Limit(name, found.adviser_list.text, found.adviser_list.source)


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

"""The register on paper: each document as HTML for a QTextDocument. Pure words, no device."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from html import escape

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.patients import Place
from fieldapp.domain.supply import COUNTED_IN, SupplyType
from fieldapp.services import reference
from fieldapp.services.register_gaps import DoseGap
from fieldapp.services.register_view import (
    AdviserLine,
    MonthLedger,
    PlaceCount,
    RegisterLine,
    Slip,
)
from ui.register.words import (
    difference_text,
    item_text,
    ledger_text,
    product_text,
    second_word,
    type_word,
    units_text,
)
from ui.words import amount, clock_text, day_text, dose_text, word

translate = QCoreApplication.translate

STYLE = (
    "h1 { font-size: 15pt; margin-bottom: 2px; } h2 { font-size: 10.5pt; margin-top: 10px; }"
    " p { font-size: 9pt; } .quiet { color: #444; font-size: 8pt; }"
    " th { text-align: left; font-size: 8pt; } td { font-size: 8.5pt; }"
    " .void { text-decoration: line-through; color: #555; }"
)
"""For a QTextDocument. Sizes are in points: those of the window are pixels, and mean nothing on
paper."""

Cell = tuple[str, str]
"""Text and alignment."""


def month_register(
    ledgers: Sequence[MonthLedger],
    month: str,
    author: str,
    now: datetime,
    *,
    two_persons: bool,
    gaps: Sequence[DoseGap] = (),
) -> str:
    """Every line of a month with the balance after it, and what was counted."""
    parts = [_head(translate("register", "Narkotikaregnskap {month}").format(month=month))]
    if not ledgers:
        parts.append(_paragraph(translate("register", "Ingen linjer denne måneden.")))
    for ledger in ledgers:
        parts.append(_month_ledger(ledger, two_persons=two_persons))
    if gaps:
        parts.append(_without_line(gaps))
    parts.append(_foot(author, now))
    return "".join(parts)


def _without_line(gaps: Sequence[DoseGap]) -> str:
    """The doses of the month that no ledger above has a line of."""
    heads = [
        translate("register", "Tid"),
        translate("register", "Pasient"),
        translate("register", "Preparat"),
        translate("register", "Mg"),
        translate("register", "Gitt av"),
    ]
    rows = [
        _row(
            [
                (_moment(gap.event.given_at), ""),
                (gap.patient, ""),
                (gap.product, ""),
                ("" if gap.event.dose_mg is None else amount(gap.event.dose_mg), "right"),
                (gap.author, ""),
            ]
        )
        for gap in gaps
    ]
    title = translate("register", "Gitte doser uten linje i regnskapet")
    return f"<h2>{escape(title)}</h2>{_table(heads, rows)}"


def _month_ledger(ledger: MonthLedger, *, two_persons: bool) -> str:
    unit = ledger.item.unit
    name = ledger_text(ledger.ledger, ledger.name)
    heads = [
        translate("register", "Tid"),
        translate("register", "Hva"),
        translate("register", "Pasient / merknad"),
        translate("register", "Mengde"),
        translate("register", "Beholdning"),
        translate("register", "Ført av"),
    ]
    if two_persons:
        heads.append(translate("register", "Vitne"))
    opening: list[Cell] = [
        ("", ""),
        (translate("register", "Inngående"), ""),
        ("", ""),
        ("", ""),
        (amount(ledger.opening), "right"),
        ("", ""),
    ]
    rows = [_row([*opening, ("", "")] if two_persons else opening)]
    rows += [_line_row(line, two_persons=two_persons) for line in ledger.lines]
    title = f"{item_text(ledger.item)} – {name}"
    closing = translate("register", "Utgående beholdning: {amount}").format(
        amount=units_text(ledger.closing, unit)
    )
    warn = "" if ledger.closing >= 0 else translate("register", " UNDER NULL: en linje mangler.")
    differences = "".join(
        _paragraph(
            translate("register", "Differanse talt {day}: {what}. {state}").format(
                day=_moment(one.count.happened_at),
                what=difference_text(one.amount, unit),
                state=(
                    translate("register", "Ikke forklart.")
                    if one.open
                    else "; ".join(line.reason for line in one.explained_by)
                ),
            )
        )
        for one in ledger.differences
    )
    return (
        f"<h2>{escape(title)}</h2>"
        f"{_table(heads, rows)}<p><b>{escape(closing)}</b>{escape(warn)}</p>{differences}"
    )


def _line_row(row: RegisterLine, *, two_persons: bool) -> str:
    line = row.line
    note = " ".join(
        text
        for text in (
            row.patient,
            _reason(line.reason),
            _of_voucher(line.voucher, line.lot),
            translate("register", "(rettet)") if row.reversed else "",
        )
        if text
    )
    change = amount(row.change)
    if line.type is SupplyType.COUNT:
        change = translate("register", "talt {amount}").format(amount=amount(line.units))
    elif row.change > 0:
        change = f"+{change}"
    cells: list[Cell] = [
        (_moment(line.happened_at), ""),
        (type_word(line.type), ""),
        (note, ""),
        (change, "right"),
        (amount(row.balance), "right"),
        (row.author, ""),
    ]
    if two_persons:
        cells.append((" ".join((row.witness, second_word(row.second))).strip(), ""))
    return _row(cells, void=row.reversed)


def _reason(reason: str) -> str:
    return translate("register", "inn fra tur") if reason == COUNTED_IN else reason


def _of_voucher(voucher: str, lot: str) -> str:
    parts = []
    if voucher:
        parts.append(translate("register", "bilag {voucher}").format(voucher=voucher))
    if lot:
        parts.append(translate("register", "batch {lot}").format(lot=lot))
    return ", ".join(parts)


def place_list(
    counts: Sequence[PlaceCount], month: str, author: str, now: datetime, *, whole: bool
) -> str:
    """Handouts of a month by place and product."""
    heads = [
        translate("register", "Sted"),
        translate("register", "Preparat"),
        translate("register", "Gitt"),
        translate("register", "Av dem med hjem"),
        translate("register", "Ikke gitt"),
        translate("register", "Sum mg"),
    ]
    rows = [
        _row(
            [
                (word(Place(one.place)), ""),
                (one.product, ""),
                (str(one.given), "right"),
                (str(one.take_home), "right"),
                (str(one.not_given), "right"),
                (amount(one.milligrams), "right"),
            ]
        )
        for one in counts
    ]
    basis = translate("register", "Talt av pasientene på denne maskinen, ikke av hele teamets.")
    return (
        _head(translate("register", "Utleveringer {month}").format(month=month))
        + ("" if whole else _paragraph(basis))
        + (_table(heads, rows) if rows else _paragraph(translate("register", "Ingen.")))
        + _foot(author, now)
    )


def adviser_list(lines: Sequence[AdviserLine], day: date, author: str, now: datetime) -> str:
    """Patients to talk about with the specialist adviser, and room to write."""
    heads = [
        translate("register", "Pasient"),
        translate("register", "Legemiddel"),
        translate("register", "Å ta opp"),
        translate("register", "Notat"),
    ]
    rows = [
        _row(
            [
                (f"{one.patient} ({_born(one.birth_date)})", ""),
                (", ".join(one.orders), ""),
                ("; ".join(_topics(one)), ""),
                ("\u00a0" * 40, ""),
            ]
        )
        for one in lines
    ]
    span = reference.register().adviser_list
    basis = translate(
        "register",
        "Siste og neste {days} dager, pasientene på denne maskinen. Grunnlag: {source}.",
    )
    return (
        _head(translate("register", "Til rådgiverdagen {day}").format(day=day_text(day)))
        + _paragraph(basis.format(days=span.days, source=span.source.text))
        + (_table(heads, rows) if rows else _paragraph(translate("register", "Ingen saker.")))
        + _foot(author, now)
    )


def _topics(line: AdviserLine) -> list[str]:
    found: list[str] = []
    if line.on_hold:
        found.append(translate("register", "ordinasjonen er satt på vent"))
    if line.ends_on is not None:
        found.append(
            translate("register", "ordinasjonen går ut {day}").format(day=day_text(line.ends_on))
        )
    if line.not_given:
        found.append(translate("register", "{count} doser ikke gitt").format(count=line.not_given))
    if line.forced:
        found.append(translate("register", "{count} nødutdelinger").format(count=line.forced))
    if line.open_issues:
        found.append(
            translate("register", "{count} sikkerhetssaker uten svar").format(
                count=len(line.open_issues)
            )
        )
    return found


def _born(born: date | None) -> str:
    return "–" if born is None else day_text(born)


def handout_slips(slips: Sequence[Slip], author: str, now: datetime) -> str:
    """A slip for each dose, one under the other, to be cut apart."""
    parts = [_slip(one) for one in slips]
    if not parts:
        parts = [_paragraph(translate("register", "Ingen utleveringer denne dagen."))]
    return "<hr/>".join(parts) + _foot(author, now)


def _slip(slip: Slip) -> str:
    when = _moment(slip.given_at)
    kind = (
        translate("register", "Utlevert for å tas hjemme {day}, {part}")
        if slip.take_home
        else translate("register", "Gitt {day}")
    ).format(day=day_text(slip.day), part=word(slip.part).lower())
    lines = [
        f"<h2>{escape(slip.patient)}</h2>",
        f"<p><b>{escape(product_text(slip.product, slip.strength))}</b><br/>",
        f"{escape(_dose(slip))}<br/>{escape(kind)}</p>",
        "<p class='quiet'>",
        escape(
            translate("register", "Utlevert {when} av {giver}").format(when=when, giver=slip.giver)
        ),
        "</p>",
    ]
    return "".join(lines)


LABELS_ACROSS = 3
LABELS_DOWN = 8
"""A4 sheets of 70 by 37 mm labels."""


def labels(slips: Sequence[Slip]) -> list[list[str]]:
    """The words of each label, line by line: name, drug, dose, date. One label for each dose."""
    return [
        [
            slip.patient,
            product_text(slip.product, slip.strength),
            _dose(slip),
            translate("register", "Tas {day}, {part}").format(
                day=day_text(slip.day), part=word(slip.part).lower()
            )
            if slip.take_home
            else translate("register", "Gitt {day}").format(day=day_text(slip.day)),
        ]
        for slip in slips
    ]


def _dose(slip: Slip) -> str:
    return "" if slip.dose_mg is None else dose_text(slip.dose_mg, slip.dose_ml)


# --- pieces


def _head(title: str) -> str:
    return f"<h1>{escape(title)}</h1>"


def _paragraph(text: str) -> str:
    return f"<p class='quiet'>{escape(text)}</p>"


def _foot(author: str, now: datetime) -> str:
    text = translate("register", "Skrevet ut {when} av {name}. Regnet ut av linjene på maskinen.")
    return _paragraph(text.format(when=_moment(now), name=author))


def _table(heads: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return (
        "<table width='100%' border='1' cellspacing='0' cellpadding='3'"
        " style='border-collapse: collapse; border-color: #888'>"
        f"<thead><tr>{head}</tr></thead>{''.join(rows)}</table>"
    )


def _row(cells: Sequence[Cell], *, void: bool = False) -> str:
    style = " class='void'" if void else ""
    inner = "".join(
        f"<td align='{align or 'left'}'><span{style}>{escape(text)}</span></td>"
        for text, align in cells
    )
    return f"<tr>{inner}</tr>"


def _moment(moment: datetime) -> str:
    return f"{day_text(moment.astimezone(OSLO).date())} {clock_text(moment)}"

"""A sheet as HTML for the printer: one line with a code for each dose, and the last seven days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from html import escape

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.patients import Practitioner
from fieldapp.services.calendar import GroupDays, Mark
from fieldapp.services.sheets import DAYS_SHOWN, LineView, SheetView, short_name
from ui.calendar.state import LOOKS, mark_words
from ui.sheets.state import dose_words, goes_home, part_words
from ui.words import day_text, long_day

translate = QCoreApplication.translate

LastDays = dict[str, tuple[GroupDays, ...]]
"""By patient id."""

_SIGNS = {Mark.COVERED: "–", Mark.PARTLY: "½", Mark.PLANNED: "", Mark.NONE: ""}


def html(view: SheetView, giver: Practitioner, last: LastDays, printed: datetime) -> str:
    """Return the sheet. It holds names and doses: it is treated as the record itself is."""
    return "".join(
        [
            _head(view, giver, printed),
            *(_patient(lines, last) for lines in _by_patient(view.lines)),
            _foot(),
        ]
    )


def _head(view: SheetView, giver: Practitioner, printed: datetime) -> str:
    title = translate("sheets", "Papirark {0}").format(short_name(view.sheet))
    local = printed.astimezone(OSLO)
    who = " · ".join(part for part in (giver.name, giver.phone) if part)
    said = translate(
        "sheets",
        "Skrevet ut {when} av {who}. Døgnene er reservert for arket til det er ført eller "
        "annullert på maskinen. Gi ingenting som ikke står her.",
    ).format(when=f"{local:%d.%m.%Y %H:%M}", who=who)
    return f"<h2>{escape(title)}</h2><p>{escape(said)}</p>"


def _patient(lines: Sequence[LineView], last: LastDays) -> str:
    patient = lines[0].patient
    name = patient.name if patient is not None else translate("sheets", "Ukjent pasient")
    born = (
        translate("sheets", "født {0}").format(day_text(patient.birth_date))
        if patient is not None and patient.birth_date is not None
        else ""
    )
    rows = "".join(map(_line, lines))
    heads = (
        translate("sheets", "Kode"),
        translate("sheets", "Døgn"),
        translate("sheets", "Legemiddel og dose"),
        translate("sheets", "ID sjekket"),
        translate("sheets", "Annen dose siste døgn?"),
        translate("sheets", "Gitt kl."),
        translate("sheets", "Sett tatt"),
        translate("sheets", "Ikke gitt, hvorfor"),
        translate("sheets", "Sign."),
    )
    head = "".join(f"<th align='left'>{escape(word)}</th>" for word in heads)
    return (
        f"<h3>{escape(name)}{escape(' · ' + born if born else '')}</h3>"
        f"{_week(lines, last)}"
        f"<table border='1' cellspacing='0' cellpadding='4' width='100%'><tr>{head}</tr>{rows}"
        "</table>"
    )


def _line(line: LineView) -> str:
    product = line.order.product if line.order is not None else ""
    home = ""
    if goes_home(line):
        home = f"<br/>{escape(translate('sheets', 'planlagt med hjem'))}"
    cells = (
        f"<b>{escape(line.line.code)}</b>",
        escape(f"{long_day(line.line.day)}, {part_words(line.line).lower()}"),
        f"{escape(product)}<br/><b>{escape(dose_words(line))}</b>{home}",
        "&nbsp;" * 6,
        escape(translate("sheets", "ja / nei / vet ikke")),
        "&nbsp;" * 14,
        "&nbsp;" * 10,
        "&nbsp;" * 26,
        "&nbsp;" * 12,
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _week(lines: Sequence[LineView], last: LastDays) -> str:
    """The seven days before: a letter for each, as in the calendar."""
    groups = last.get(lines[0].line.patient_id, ())
    before = min(line.line.day for line in lines)
    days = [before - timedelta(days=DAYS_SHOWN - number) for number in range(DAYS_SHOWN)]
    head = "".join(f"<td><small>{day.day}.{day.month}.</small></td>" for day in days)
    title = escape(translate("sheets", "Siste 7 døgn"))
    rows = "".join(
        f"<tr><td><small>{escape(group.name)}</small></td>"
        + "".join(f"<td align='center'><b>{_sign(group, day)}</b></td>" for day in days)
        + "</tr>"
        for group in groups
    )
    return f"<table cellpadding='3'><tr><td><small>{title}</small></td>{head}</tr>{rows}</table>"


def _sign(group: GroupDays, day: date) -> str:
    found = next((one for one in group.days if one.day == day), None)
    if found is None:
        return ""
    look = LOOKS.get(found.mark)
    letter = _SIGNS.get(found.mark, look.letter if look is not None else "")
    return escape(f"{letter}!" if found.twice or found.forced else letter)


def _foot() -> str:
    keys = [
        f"{_SIGNS.get(mark, look.letter)} {mark_words(mark).lower()}"
        for mark, look in LOOKS.items()
        if _SIGNS.get(mark, look.letter)
    ]
    words = translate(
        "sheets", "Tegn: {0}. Utropstegn: flere doser enn planlagt, eller nødutdeling."
    )
    return f"<p><small>{escape(words.format(', '.join(keys)))}</small></p>"


def _by_patient(lines: Sequence[LineView]) -> list[list[LineView]]:
    """Lines of one patient together, in the order in which they first come."""
    found: dict[str, list[LineView]] = {}
    for line in lines:
        found.setdefault(line.line.patient_id, []).append(line)
    return list(found.values())

"""Lines of the log, the state of the chains, and a patient's print, as rows and as paper."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO, from_iso
from sync.client.control_messages import ChainFault, ChainRow, LogEntry, LogPrintAnswer, LogSource
from ui.log_words import reason_word, what_words
from ui.office.state import role_word
from ui.widgets import Row, RowTag
from ui.words import day_text

translate = QCoreApplication.translate


def entry_row(entry: LogEntry, number: int) -> Row:
    """One line: when, who, what, about whom, and why."""
    title = f"{who(entry)} {what_words(entry.action, entry.kind)}"
    detail = [moment_text(entry.at)]
    if entry.patient_name:
        detail.append(entry.patient_name)
    if entry.count is not None and entry.count > 1:
        detail.append(translate("log", "{count} oppføringer").format(count=entry.count))
    if entry.reason:
        detail.append(translate("log", "grunn: {why}").format(why=reason_word(entry.reason)))
    if entry.words:
        detail.append(entry.words)
    detail.append(place_text(entry))
    tags: list[RowTag] = []
    if not entry.allowed:
        tags.append(RowTag(translate("log", "Nektet"), "danger", "lock"))
    if entry.reason == "BTG":
        tags.append(RowTag(translate("log", "Utenom listen"), "warn", "shield-alert"))
    return Row(
        id=str(number),
        title=title,
        detail=" · ".join(detail),
        icon="monitor" if entry.source is LogSource.LAPTOP else "door-open",
        icon_tone="neutral" if not tags else tags[0].tone,
        tags=tuple(tags),
    )


def who(entry: LogEntry) -> str:
    return entry.actor_name or translate("log", "Ukjent person")


def place_text(entry: LogEntry) -> str:
    """Where it was done."""
    if entry.source is LogSource.OFFICE:
        return translate("log", "på kontoret")
    name = entry.device_name or translate("log", "ukjent laptop")
    if entry.laptop_of:
        # Whoever reads this must not take the laptop's word for the person's.
        return translate("log", "{laptop}, som tilhører {name}").format(
            laptop=name, name=entry.laptop_of
        )
    return name


def moment_text(at: str) -> str:
    """Day and time in Norway; what is no moment is shown as it came."""
    try:
        local = from_iso(at).astimezone(OSLO)
    except ValueError:
        return at
    return f"{day_text(local.date())} {local:%H:%M}"


def chain_row(chain: ChainRow) -> Row:
    """How the log of one laptop stands."""
    detail = [translate("log", "{count} linjer").format(count=chain.lines)]
    if chain.newest_at:
        newest = translate("log", "den siste {when}")
        detail.append(newest.format(when=moment_text(chain.newest_at)))
    if chain.fault is not None:
        detail.append(fault_text(chain))
    tag = (
        RowTag(translate("log", "Hel"), "ok", "check")
        if chain.fault is None
        else RowTag(translate("log", "Brutt"), "danger", "triangle-alert")
    )
    return Row(
        id=chain.device_id,
        title=f"{chain.user_name} · {chain.device_name}",
        detail=" · ".join(detail),
        icon="monitor",
        icon_tone="neutral" if chain.fault is None else "danger",
        tags=(tag,),
    )


def fault_text(chain: ChainRow) -> str:
    """What is wrong, and from where."""
    words = {
        ChainFault.BROKEN: translate("log", "en linje er endret"),
        ChainFault.MISSING: translate("log", "linjer mangler"),
        ChainFault.FORKED: translate("log", "to linjer følger etter samme linje"),
        ChainFault.SILENT: translate("log", "endringer er sendt, men ingen linjer"),
    }
    assert chain.fault is not None
    if chain.at_sequence is None:
        return words[chain.fault]
    return translate("log", "{what}, ved linje {number}").format(
        what=words[chain.fault], number=chain.at_sequence
    )


# --- on paper


def patient_print(answer: LogPrintAnswer) -> str:
    """Who has looked at a patient, for that patient: plain words, nothing of the record itself."""
    patient = answer.patient
    born = day_text(patient.birth_date) if patient.birth_date else ""
    head = [
        f"<h1>{escape(translate('log', 'Oppslag i journalen din'))}</h1>",
        _paragraph(
            translate("log", "Gjelder: {name}{born}").format(
                name=patient.name, born=f", {translate('log', 'født')} {born}" if born else ""
            )
        ),
        _paragraph(
            translate("log", "Virksomhet: {name}").format(
                name=answer.organisation or translate("log", "navnet er ikke satt på serveren")
            )
        ),
        _paragraph(
            translate("log", "Skrevet ut {when} av {name}.").format(
                when=_local(answer.printed_at), name=answer.printed_by
            )
        ),
        _paragraph(
            translate(
                "log",
                "Listen viser hvem som har åpnet eller skrevet i journalen din, når, hva og "
                "hvorfor. Oppslag i lister over mange pasienter står ikke her. Spør oss om du "
                "lurer på noe. Du kan klage til statsforvalteren.",
            )
        ),
    ]
    columns = (
        translate("log", "Når"),
        translate("log", "Hvem"),
        translate("log", "Rolle"),
        translate("log", "Hva"),
        translate("log", "Hvorfor"),
        translate("log", "Hvor fra"),
    )
    heads = "".join(f"<th>{escape(one)}</th>" for one in columns)
    rows = "".join(_print_row(entry, answer.organisation) for entry in answer.entries)
    table = f'<table width="100%" cellpadding="3"><tr>{heads}</tr>{rows}</table>'
    more = (
        _paragraph(translate("log", "Det finnes eldre oppslag enn dem som står her."))
        if answer.more
        else ""
    )
    return "".join(head) + table + more


def _print_row(entry: LogEntry, organisation: str) -> str:
    place = place_text(entry)
    cells: Iterable[str] = (
        moment_text(entry.at),
        who(entry),
        role_word(entry.role) if entry.role else "",
        what_words(entry.action, entry.kind),
        reason_word(entry.reason) or translate("log", "oppfølging"),
        f"{organisation}, {place}" if organisation else place,
    )
    return "<tr>" + "".join(f"<td>{escape(one)}</td>" for one in cells) + "</tr>"


def _paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def _local(moment: datetime) -> str:
    local = moment.astimezone(OSLO)
    return f"{day_text(local.date())} {local:%H:%M}"

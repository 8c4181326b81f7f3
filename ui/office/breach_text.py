"""What lay on a laptop, as text for the page and for paper: pure functions of the report."""

from __future__ import annotations

from datetime import datetime
from html import escape

from fieldapp.clock import OSLO
from sync.client.office_messages import BreachReport, DeviceOrderKind, OrderGiven
from ui.office.state import counted, translate
from ui.words import kind_word

Fact = tuple[str, str]


def moment(at: datetime | None) -> str:
    """A moment with its day and clock in Norway."""
    if at is None:
        return translate("office", "aldri")
    local = at.astimezone(OSLO)
    return f"{local.day}.{local.month}.{local.year} kl. {local:%H.%M}"


def facts(report: BreachReport) -> list[Fact]:
    """The laptop and how it stood, in the order of a notice."""
    records = sum(kind.count for kind in report.kinds)
    disk = {
        True: translate("office", "ja, etter det laptopen selv meldte"),
        False: translate("office", "nei"),
        None: translate("office", "ikke meldt"),
    }[report.disk_encrypted]
    return [
        (translate("office", "Laptop"), f"{report.device_name} ({report.platform})"),
        (translate("office", "Bruker"), f"{report.user_name} ({report.username})"),
        (translate("office", "Satt opp"), moment(report.enrolled_at)),
        (translate("office", "Siste hele synk"), moment(report.last_complete)),
        (translate("office", "Sist i kontakt"), moment(report.last_contact)),
        (translate("office", "Pasienter på laptopen"), str(len(report.patients))),
        (translate("office", "Opplysninger om dem, høyst"), str(records)),
        (translate("office", "Tidligere pasienter, slettet før dette"), str(report.former)),
        (translate("office", "Ikke sendt da den sist meldte seg"), _number(report.unsent)),
        (translate("office", "Utkast på laptopen"), _number(report.drafts)),
        (translate("office", "Utkast som er tatt vare på her"), str(report.drafts_here)),
        (translate("office", "Journalen på laptopen er kryptert"), translate("office", "ja")),
        (translate("office", "Disken er kryptert"), disk),
        (translate("office", "Linjer i innsynsloggen herfra"), str(report.log_lines)),
    ]


def kinds(report: BreachReport) -> list[Fact]:
    """How many records of each kind."""
    return [(kind_word(kind.kind), str(kind.count)) for kind in report.kinds]


def patients(report: BreachReport) -> list[tuple[str, str, str]]:
    """(name, birth date or number, records) of each; ids where names are not for this role."""
    rows = []
    for patient in report.patients:
        name = patient.name or patient.id
        if patient.ended_at is not None:
            name += translate("office", " (ikke fulgt siden {0})").format(moment(patient.ended_at))
        rows.append((name, patient.national_id or patient.birth_date, str(patient.records)))
    return rows


def orders(report: BreachReport) -> list[str]:
    """What was ordered, by whom and why, and what was heard of it."""
    return [_order(one) for one in report.orders] or [
        translate("office", "Laptopen har ikke fått noen ordre.")
    ]


def _order(given: OrderGiven) -> str:
    what = translate("office", "Avsluttet")
    if given.kind is DeviceOrderKind.LOST:
        what = translate("office", "Meldt tapt")
    words = [f"{what} {moment(given.given_at)}, {given.given_by}: «{given.reason}»."]
    if given.asked_at is None:
        words.append(translate("office", "Laptopen har ikke hentet ordren."))
    else:
        words.append(translate("office", "Hentet {0}.").format(moment(given.asked_at)))
    if given.delivered_at is not None:
        words.append(translate("office", "Sist levert {0}.").format(moment(given.delivered_at)))
    if given.obeyed_at is not None:
        words.append(
            translate(
                "office", "Laptopen meldte {0} at alt er slettet. Det kan ikke bevises."
            ).format(moment(given.obeyed_at))
        )
    return " ".join(words)


def title(report: BreachReport) -> str:
    """The heading of the paper."""
    everybody = {one.id for store in (report, *report.others) for one in store.patients}
    number = counted(
        len(everybody), translate("office", "pasient"), translate("office", "pasienter")
    )
    return translate("office", "Opplysninger på {0}: {1}").format(report.device_name, number)


def deadline() -> str:
    """What the report is for."""
    return translate(
        "office",
        "Brudd på personopplysningssikkerheten meldes til Datatilsynet innen 72 timer etter at det "
        "ble kjent. Tallene er det meste som kan ha ligget der, etter det serveren vet.",
    )


def html(report: BreachReport) -> str:
    """The whole report for a printer."""
    made = translate("office", "Laget {0}").format(moment(report.made_at))
    others = (
        f"<h1>{escape(_same_machine(other))}</h1>{_one_store(other)}" for other in report.others
    )
    return "".join(
        (
            f"<h1>{escape(title(report))}</h1>",
            f"<p>{escape(made)}. {escape(deadline())}</p>",
            _one_store(report),
            *others,
        )
    )


def _same_machine(report: BreachReport) -> str:
    return translate("office", "På samme maskin: {0}").format(report.user_name)


def _one_store(report: BreachReport) -> str:
    heads = (
        translate("office", "Pasient"),
        translate("office", "Født / nummer"),
        translate("office", "Opplysninger"),
    )
    return "".join(
        (
            _table(facts(report)),
            f"<h2>{escape(translate('office', 'Ordrer'))}</h2>",
            *(f"<p>{escape(line)}</p>" for line in orders(report)),
            f"<h2>{escape(translate('office', 'Opplysninger etter slag'))}</h2>",
            _table(kinds(report)),
            f"<h2>{escape(translate('office', 'Pasienter'))}</h2>",
            _table(patients(report), heads),
        )
    )


def _table(rows: list[Fact] | list[tuple[str, str, str]], heads: tuple[str, ...] = ()) -> str:
    top = "".join(f"<th align='left'>{escape(head)}</th>" for head in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table cellspacing='0' cellpadding='4'><tr>{top}</tr>{body}</table>"


def _number(count: int | None) -> str:
    return translate("office", "ukjent, har aldri meldt fra") if count is None else str(count)

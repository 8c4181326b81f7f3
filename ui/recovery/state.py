"""What the help page says for each refusal, and which ways lead on from it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QCoreApplication

from ui.errors import sentence

translate = QCoreApplication.translate


class WayOn(Enum):
    """What can be tried from here. None of them deletes anything or begins afresh."""

    RETRY = auto()
    RECOVERY_KEY = auto()
    ESCROW = auto()
    KEY_FILE = auto()
    SALVAGE = auto()


@dataclass(frozen=True, slots=True)
class Situation:
    """`title`, what `happened`, that nothing is deleted (`safe`), what to do, and the ways on."""

    title: str
    happened: str
    safe: str
    to_do: str
    ways: tuple[WayOn, ...]


_KEYS = (WayOn.RECOVERY_KEY, WayOn.ESCROW)


def situation(code: str) -> Situation:
    """The situation behind a refusal; one that nothing special is known of leads to support."""
    safe = translate("recovery", "Ingenting er slettet. Alt du har skrevet, ligger fortsatt her.")
    known = {
        "forgotten": _forgotten(safe),
        "wrong_secret": _forgotten(safe),
        "locked_out": _forgotten(safe),
        "slot_too_weak": Situation(
            translate("recovery", "Passfrasen må lages på nytt"),
            translate(
                "recovery",
                "Passfrasen er lagret med svakere vern enn virksomheten krever. "
                "Den blir ikke prøvd.",
            ),
            safe,
            translate("recovery", "Åpne med gjenopprettingsnøkkelen, og velg en ny passfrase."),
            _KEYS,
        ),
        "device_secret_missing": Situation(
            translate("recovery", "Maskinens nøkkel er borte"),
            translate(
                "recovery",
                "Nøkkelringen på maskinen husker ikke lenger denne journalen. Det skjer når mappen "
                "er flyttet fra en annen maskin, når du har fått ny brukerkonto på maskinen, eller "
                "når nøkkelringen er nullstilt. Passfrasen alene åpner ikke da.",
            ),
            safe,
            translate(
                "recovery",
                "Åpne med gjenopprettingsnøkkelen. Da bindes journalen til denne maskinen, og du "
                "velger en ny passfrase.",
            ),
            (*_KEYS, WayOn.RETRY),
        ),
        "keyring_locked": Situation(
            translate("recovery", "Nøkkelringen er låst"),
            translate(
                "recovery",
                "Maskinens nøkkelring er låst eller venter på svar. Det teller ikke som et forsøk.",
            ),
            safe,
            translate(
                "recovery",
                "Lås opp nøkkelringen med passordet du bruker på maskinen, og prøv igjen. Spør "
                "maskinen ikke, logg ut av den og inn igjen.",
            ),
            (WayOn.RETRY,),
        ),
        "keyring_unavailable": Situation(
            translate("recovery", "Maskinen har ingen nøkkelring"),
            translate(
                "recovery",
                "Programmet finner ingen godkjent nøkkelring på maskinen. Uten den kan journalen "
                "ikke åpnes til arbeid her. Det teller ikke som et forsøk.",
            ),
            safe,
            translate(
                "recovery",
                "Logg ut av maskinen og inn igjen. Hjelper det ikke, kontakt brukerstøtte. Haster "
                "det å få sendt noe, kan den gjenopprettingsansvarlige sende det for deg fra "
                "«Annen bruker».",
            ),
            (WayOn.RETRY,),
        ),
        "keyfile_missing": _key_file(
            translate("recovery", "Nøkkelfilen mangler"),
            translate("recovery", "Nøkkelfilen journal.hvkey og reserven ved siden av er borte."),
        ),
        "keyfile_damaged": _key_file(
            translate("recovery", "Nøkkelfilen er skadet"),
            translate("recovery", "Verken nøkkelfilen journal.hvkey eller reserven kan leses."),
        ),
        "keyfile_too_new": _too_new(
            translate("recovery", "Nøkkelfilen er skrevet av en nyere utgave av programmet."), safe
        ),
        "store_too_new": _too_new(
            translate("recovery", "Journalen er skrevet av en nyere utgave av programmet."), safe
        ),
        "db_damaged": Situation(
            translate("recovery", "Journalen er skadet"),
            translate("recovery", "Deler av filen på disken kan ikke leses. Nøkkelen er riktig."),
            translate(
                "recovery",
                "Ingenting er slettet, og den skadede filen blir liggende som den er.",
            ),
            translate(
                "recovery",
                "Redd det som kan leses: det kopieres til en ny, kryptert journal, det usendte "
                "først. Du får vite hvor mye som kom med. Si fra til brukerstøtte om disken.",
            ),
            (WayOn.SALVAGE, WayOn.RETRY),
        ),
        "db_missing": Situation(
            translate("recovery", "Journalen mangler"),
            translate(
                "recovery",
                "Filen journal.db er borte eller tom. Det lages ikke en ny over den gamle.",
            ),
            translate(
                "recovery",
                "Programmet har ikke slettet noe. Det som er sendt, ligger på serveren.",
            ),
            translate(
                "recovery",
                "Ikke gjør mer på denne maskinen. Kontakt brukerstøtte, som kan legge filen "
                "tilbake fra sikkerhetskopi. En eldre kopi i mappen kan også hentes fram.",
            ),
            (WayOn.SALVAGE, WayOn.RETRY),
        ),
        "db_plaintext": Situation(
            translate("recovery", "Journalen er ikke kryptert"),
            translate(
                "recovery",
                "Filen som ligger der journalen skal være, er ikke kryptert, og åpnes derfor ikke.",
            ),
            translate("recovery", "Filen er latt urørt, og ingenting er slettet."),
            translate(
                "recovery",
                "Dette er et sikkerhetsavvik. Slå av maskinen, meld avviket og kontakt "
                "brukerstøtte med en gang.",
            ),
            (WayOn.RETRY,),
        ),
    }
    return known.get(code) or Situation(
        translate("recovery", "Journalen ble ikke åpnet"),
        sentence(code),
        safe,
        translate("recovery", "Prøv igjen. Kommer det tilbake, kontakt brukerstøtte."),
        (WayOn.RETRY,),
    )


def _forgotten(safe: str) -> Situation:
    return Situation(
        translate("recovery", "Glemt passfrasen?"),
        translate(
            "recovery",
            "Ingen kan finne fram passfrasen din, heller ikke brukerstøtte. Passordet på serveren "
            "er et annet og åpner ikke her.",
        ),
        safe,
        translate(
            "recovery",
            "Åpne med gjenopprettingsnøkkelen på papir, og velg en ny passfrase. Finner du ikke "
            "papiret, kan to betrodde i virksomheten åpne sammen.",
        ),
        (*_KEYS, WayOn.RETRY),
    )


def _key_file(title: str, happened: str) -> Situation:
    return Situation(
        title,
        happened,
        translate("recovery", "Programmet har ikke slettet noe, og lager ikke noe nytt."),
        translate(
            "recovery",
            "Uten nøkkelfilen åpner verken passfrase eller gjenopprettingsnøkkel. Hent den fra "
            "sikkerhetskopien av maskinen, eller kontakt brukerstøtte før du gjør noe mer her.",
        ),
        (WayOn.KEY_FILE, WayOn.RETRY),
    )


def _too_new(happened: str, safe: str) -> Situation:
    return Situation(
        translate("recovery", "Programmet må oppdateres"),
        happened,
        safe,
        translate("recovery", "Oppdater programmet på denne maskinen, og prøv igjen."),
        (WayOn.RETRY,),
    )


def recovery_refused(code: str) -> str:
    """The sentence for a key or an answer that does not open; other codes have their own."""
    if code == "wrong_secret":
        return translate(
            "recovery",
            "Nøkkelen åpner ikke denne journalen. Ingenting er endret. Se etter skrivefeil, og at "
            "papiret er det nyeste: en nøkkel som er brukt, virker ikke mer.",
        )
    return sentence(code)


def counted_text(copied: int, lost: int | None) -> str:
    """How many came along, and how many did not."""
    if lost == 0:
        return translate("recovery", "{copied} reddet, ingen tapt").format(copied=copied)
    if lost is None:
        return translate(
            "recovery", "{copied} reddet, det er ukjent hvor mange som er tapt"
        ).format(copied=copied)
    return translate("recovery", "{copied} reddet, {lost} tapt").format(copied=copied, lost=lost)

"""The key ceremony at a terminal: `python -m fieldapp.escrow new`, and later `open`.

Run on a machine without network. What is secret is shown on the screen for writing down, or typed
unseen, and never goes into a file, an argument or a log. The words are for the officers, who need
not be technicians; the steps around them are in sync/KEY-CEREMONY.md.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fieldapp.domain.paper import plain
from fieldapp.errors import UserError
from fieldapp.security.errors import (
    EscrowFileError,
    EscrowOtherKeyError,
    ShareMalformedError,
    ShareOtherKeyError,
    SharesDoNotMatchError,
)
from fieldapp.security.escrow import (
    FEWEST_OFFICERS,
    LARGEST_FILE,
    MOST_OFFICERS,
    SHARE_LINES,
    EscrowRequest,
    Share,
    answer,
    check_share_line,
    join,
    new_private_key,
    parse_share,
    share_lines,
    split,
)
from fieldapp.security.process import harden_process
from fieldapp.security.secretbuf import wipe
from fieldapp.store.files import write_private_file

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"
"""Empties the screen and what can be scrolled back to."""

_SENTENCES: dict[type[UserError], str] = {
    ShareOtherKeyError: "Papirene hører til to forskjellige nødnøkler. Finn to fra samme gang.",
    SharesDoNotMatchError: (
        "Delene hører ikke sammen: enten er samme papir skrevet to ganger, eller så er det ikke "
        "delene som er merket med hverandres nummer."
    ),
    EscrowOtherKeyError: (
        "Forespørselen er laget for en annen nødnøkkel enn papirene deres. Finn papirene for "
        "nøkkelen som står over."
    ),
    EscrowFileError: (
        "Filen er ikke en forespørsel fra Hjemmebesøk, eller den er endret underveis. "
        "Be den som sitter ved maskinen, lage en ny."
    ),
}


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where the officers sit. `ask` shows what is typed, `ask_unseen` does not."""

    say: Callable[[str], None]
    ask: Callable[[str], str]
    ask_unseen: Callable[[str], str]
    is_screen: bool


def main(arguments: Sequence[str] | None = None, terminal: Terminal | None = None) -> int:
    """Run one step of the ceremony; return the exit code (0 done, 1 refused with a sentence)."""
    parsed = _parser().parse_args(arguments)
    used = terminal or _real_terminal()
    if not used.is_screen:
        # A half that went into a file by a redirection would be no paper any more.
        used.say("Dette må kjøres i et terminalvindu, ikke til fil. Ingenting er laget.")
        return 1
    try:
        if parsed.command == "new":
            return _new(used, parsed.officers)
        return _open(used, Path(parsed.request), Path(parsed.answer))
    except (KeyboardInterrupt, EOFError):
        used.say(_CLEAR + "Avbrutt. Ingenting er laget.")
    except UserError as error:
        used.say(_SENTENCES.get(type(error), f"Det gikk ikke ({error.code}). Ingenting er laget."))
    except OSError as error:
        used.say(f"Filen kan ikke leses eller skrives: {error.strerror}. Ingenting er laget.")
    return 1


def _real_terminal() -> Terminal:
    harden_process()
    return Terminal(
        say=print,
        ask=input,
        ask_unseen=getpass.getpass,
        is_screen=sys.stdin.isatty() and sys.stdout.isatty(),
    )


def _new(terminal: Terminal, officers: int) -> int:
    terminal.say(
        f"Ny nødnøkkel for virksomheten, delt på {officers} personer. To av dem må være sammen for "
        "å bruke den. Kjør dette på en maskin uten nett, og ha papir og penn klart."
    )
    private, public = new_private_key()
    try:
        held = split(private, public, officers)
    finally:
        wipe(private)
    for number, shares in enumerate(held, 1):
        terminal.ask(f"\nPerson {number} setter seg ved skjermen alene. Trykk Enter.")
        for share in shares:
            _write_down(terminal, share, public.fingerprint)
        terminal.say(_CLEAR)
    terminal.say("Alle papirene er skrevet og sjekket.")
    terminal.say(f"Fingeravtrykk: {public.fingerprint}")
    terminal.say("Den offentlige halvdelen er ikke hemmelig. Gi den til administratoren:")
    terminal.say(f"  python -m sync.server escrow --public {public.hex}")
    return 0


def _write_down(terminal: Terminal, share: Share, fingerprint: str) -> None:
    """Show one part until its owner has proved that it stands on the paper."""
    lines = share_lines(share)
    while True:
        terminal.say(_CLEAR)
        terminal.say(f"Nødnøkkel {fingerprint}")
        terminal.say(f"Person {share.own}, brukes sammen med person {share.other}:\n")
        for number, line in enumerate(lines, 1):
            terminal.say(f"   {number}:  {line}")
        terminal.ask("\nSkriv alt på papiret, også tallet foran linjen. Trykk Enter når det står.")
        terminal.say(_CLEAR)
        if all(_is_on_paper(terminal, line, number) for number, line in enumerate(lines, 1)):
            return
        terminal.ask("Det er ikke likt det som stod der. Trykk Enter for å se det igjen.")


def _is_on_paper(terminal: Terminal, line: str, number: int) -> bool:
    return plain(terminal.ask(f"Skriv linje {number} av papiret: ")) == plain(line)


def _open(terminal: Terminal, request_file: Path, answer_file: Path) -> int:
    with request_file.open("rb") as file:
        request = EscrowRequest.from_bytes(file.read(LARGEST_FILE + 1))
    if answer_file.exists():
        terminal.say("Det ligger en fil der svaret skal skrives. Velg et annet navn.")
        return 1
    terminal.say(f"Forespørsel fra {request.created} om lageret til {request.user!r}.")
    terminal.say(f"Lager: {request.store_id}")
    terminal.say(f"Kontrollkode: {request.code}")
    typed = terminal.ask(
        "Ring den som sitter ved maskinen. Be om kontrollkoden på skjermen der, og skriv den her: "
    )
    if plain(typed) != plain(request.code):
        terminal.say(
            "Kontrollkoden er en annen. Filen kan være byttet ut. Ingenting er laget; "
            "be om en ny forespørsel."
        )
        return 1
    one = _read_paper(terminal, "Første person")
    two = _read_paper(terminal, "Andre person")
    private, public = join(one, two)
    try:
        data = answer(request, private, public)
    finally:
        wipe(private)
    write_private_file(answer_file, data)
    terminal.say(f"Svaret ligger i {answer_file.name}.")
    terminal.say("Det kan bare brukes på den maskinen som spurte, én gang.")
    terminal.say("Skriv i protokollen hvem som åpnet, for hvem, når og hvorfor.")
    return 0


def _read_paper(terminal: Terminal, who: str) -> Share:
    """One officer's part, typed unseen: the other one must not learn it."""
    terminal.say(f"\n{who}: skriv de {SHARE_LINES} linjene av delen som er merket med den andres")
    terminal.say("nummer. Det du skriver, vises ikke.")
    while True:
        lines = [_read_line(terminal, number) for number in range(1, SHARE_LINES + 1)]
        try:
            return parse_share(lines)
        except ShareMalformedError:
            terminal.say("Linjene er hver for seg riktige, men hører ikke sammen. En gang til.")


def _read_line(terminal: Terminal, number: int) -> str:
    while True:
        typed = terminal.ask_unseen(f"Linje {number}: ")
        try:
            check_share_line(typed, number)
        except ShareMalformedError:
            terminal.say(f"Det er en skrivefeil i linje {number}. Skriv den en gang til.")
        else:
            return typed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fieldapp.escrow")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    new = commands.add_parser("new", help="make the organisation's key, on paper only")
    new.add_argument(
        "--officers",
        type=int,
        default=3,
        choices=range(FEWEST_OFFICERS, MOST_OFFICERS + 1),
        help="how many hold a paper; any two of them can open (default 3)",
    )
    opening = commands.add_parser("open", help="answer a laptop's request")
    opening.add_argument("request", help="the file from the laptop")
    opening.add_argument("answer", help="where to write the answer")
    return parser


if __name__ == "__main__":
    sys.exit(main())

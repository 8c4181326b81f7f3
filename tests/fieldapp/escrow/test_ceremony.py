"""The key ceremony as the officers live it: papers, mistypings, and nothing secret in any file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldapp.escrow.__main__ import Terminal, main
from fieldapp.security import escrow
from fieldapp.security.escrow import EscrowKey, EscrowRequest

ROOT = bytearray(range(32))
LINE = re.compile(r"^\s+(\d):  (.+)$")


class Officers:
    """People at a terminal: they write down what they see, and type it when asked."""

    def __init__(self) -> None:
        self.papers: dict[tuple[int, int], list[str]] = {}
        self.said: list[str] = []
        self.unseen: list[str] = []
        self.answers: list[str] = []
        self.slip: Callable[[str], str] = lambda text: text
        self._pair = (0, 0)

    def terminal(self, *, is_screen: bool = True) -> Terminal:
        return Terminal(self._say, self._ask, self._ask_unseen, is_screen)

    def _say(self, text: str) -> None:
        self.said.append(text)
        who = re.match(r"Person (\d), brukes sammen med person (\d)", text)
        if who:
            self._pair = (int(who[1]), int(who[2]))
            self.papers[self._pair] = []
        line = LINE.match(text)
        if line:
            self.papers[self._pair].append(line[2])

    def _ask(self, prompt: str) -> str:
        self.said.append(prompt)
        number = re.match(r"Skriv linje (\d)", prompt)
        if number:
            return self.slip(self.papers[self._pair][int(number[1]) - 1].lower())
        return self.answers.pop(0) if self.answers else ""

    def _ask_unseen(self, prompt: str) -> str:
        self.said.append(prompt)
        return self.unseen.pop(0)

    @property
    def text(self) -> str:
        return "\n".join(self.said)


def _made(officers: Officers, *arguments: str) -> EscrowKey:
    assert main(["new", *arguments], officers.terminal()) == 0
    found = re.search(r"--public ([0-9a-f]{64})", officers.text)
    assert found is not None
    return EscrowKey.from_hex(found[1])


def _request(public: EscrowKey, folder: Path) -> tuple[Path, EscrowRequest, escrow.ReplyKey]:
    request, key = escrow.new_request(
        "store-1",
        "kari",
        "2026-11-22T08:00:00Z",
        public.key_id,
        b"meaning",
        escrow.seal_root(ROOT, public, b"meaning"),
    )
    file = folder / "request.json"
    file.write_bytes(request.to_bytes())
    return file, request, key


def test_three_people_make_a_key_and_two_of_them_open(tmp_path: Path) -> None:
    officers = Officers()
    public = _made(officers)
    assert set(officers.papers) == {(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)}
    assert public.fingerprint in officers.text
    file, request, key = _request(public, tmp_path)
    officers.answers = [request.code.lower()]
    officers.unseen = [*officers.papers[3, 1], *officers.papers[1, 3]]
    answer = tmp_path / "answer.json"
    assert main(["open", str(file), str(answer)], officers.terminal()) == 0
    assert escrow.open_answer(answer.read_bytes(), "store-1", key) == ROOT
    assert {path.name for path in tmp_path.iterdir()} == {"request.json", "answer.json"}


def test_the_screen_is_emptied_before_the_next_person_sits_down() -> None:
    officers = Officers()
    _made(officers, "--officers", "2")
    second = next(n for n, text in enumerate(officers.said) if "Person 2 setter seg" in text)
    assert officers.said[second - 1].startswith("\x1b[2J")


def test_a_line_that_is_not_on_the_paper_shows_the_part_again() -> None:
    officers = Officers()
    slips = iter(["noe annet"])
    officers.slip = lambda text: next(slips, text)
    _made(officers, "--officers", "2")
    assert "ikke likt" in officers.text


def test_a_slip_of_the_pen_is_named_by_its_line_and_asked_again(tmp_path: Path) -> None:
    officers = Officers()
    public = _made(officers, "--officers", "2")
    file, request, _ = _request(public, tmp_path)
    one, two = officers.papers[1, 2], officers.papers[2, 1]
    officers.answers = [request.code]
    officers.unseen = [one[0], "tull", one[1], one[2], one[3], *two]
    assert main(["open", str(file), str(tmp_path / "answer")], officers.terminal()) == 0
    assert "skrivefeil i linje 2" in officers.text


def _refused(officers: Officers, arguments: list[str], words: str) -> None:
    assert main(arguments, officers.terminal()) == 1
    assert words in officers.text


def test_bad_input_of_every_kind_gets_a_sentence_and_no_answer(tmp_path: Path) -> None:
    officers = Officers()
    public = _made(officers)
    other = Officers()
    _made(other)
    file, request, _ = _request(public, tmp_path)
    answer = tmp_path / "answer"
    arguments = ["open", str(file), str(answer)]

    officers.answers = ["0000-0000-0000-0000"]
    _refused(officers, arguments, "Kontrollkoden er en annen")
    officers.answers, officers.unseen = [request.code], officers.papers[1, 2] * 2
    _refused(officers, arguments, "Delene hører ikke sammen")
    officers.answers = [request.code]
    officers.unseen = [*officers.papers[1, 2], *officers.papers[3, 1]]
    _refused(officers, arguments, "Delene hører ikke sammen")
    officers.answers = [request.code]
    officers.unseen = [*officers.papers[1, 2], *other.papers[2, 1]]
    _refused(officers, arguments, "to forskjellige nødnøkler")
    other.answers = [request.code]
    other.unseen = [*other.papers[1, 2], *other.papers[2, 1]]
    _refused(other, arguments, "en annen nødnøkkel")
    file.write_bytes(b"not a request")
    _refused(officers, arguments, "ikke en forespørsel")
    _refused(officers, ["open", str(tmp_path / "none"), str(answer)], "Filen kan ikke leses")
    assert not answer.exists()


def test_half_a_share_and_then_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    officers = Officers()
    public = _made(officers)
    file, request, _ = _request(public, tmp_path)
    officers.answers = [request.code]

    def broken_off(prompt: str) -> str:
        raise KeyboardInterrupt

    terminal = officers.terminal()
    spoilt = Terminal(terminal.say, terminal.ask, broken_off, is_screen=True)
    assert main(["open", str(file), str(tmp_path / "answer")], spoilt) == 1
    assert "Avbrutt" in officers.text
    assert not (tmp_path / "answer").exists()


def test_a_file_that_lies_where_the_answer_should_go_stays(tmp_path: Path) -> None:
    officers = Officers()
    public = _made(officers)
    file, _, _ = _request(public, tmp_path)
    (tmp_path / "answer").write_text("mine", encoding="ascii")
    _refused(officers, ["open", str(file), str(tmp_path / "answer")], "Velg et annet navn")
    assert (tmp_path / "answer").read_text(encoding="ascii") == "mine"


def test_a_redirection_to_a_file_makes_no_key() -> None:
    officers = Officers()
    assert main(["new"], officers.terminal(is_screen=False)) == 1
    assert officers.papers == {}


@pytest.mark.parametrize("number", ["1", "6", "x"])
def test_one_officer_is_too_few(number: str) -> None:
    with pytest.raises(SystemExit):
        main(["new", "--officers", number], Officers().terminal())

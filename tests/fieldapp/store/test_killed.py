"""A program that is killed keeps everything that it had acknowledged."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from fieldapp.domain.notes import Draft, Note
from fieldapp.store import audit, drafts, outbox, records
from tests.helpers.stores import PASSPHRASE, USERNAME, MemoryKeyring, make_vault, memory_secrets

ROOT = Path(__file__).parents[3]

PROGRAM = """
import sys
from pathlib import Path
from dataclasses import replace
from fieldapp.clock import FixedClock
from fieldapp.ids import new_id
from fieldapp.services import notes
from fieldapp.services.session import Session
from tests.helpers.builders import ME, patient, receive
from tests.helpers.stores import PASSPHRASE, START, USERNAME
from tests.helpers.stores import MemoryKeyring, make_vault, memory_secrets

keyring = MemoryKeyring()
vault = make_vault(Path(sys.argv[1]), memory_secrets(keyring))
session = Session(vault.create(USERNAME, PASSPHRASE).store, ME, "d-1", FixedClock(START), new_id)
((service, name), secret) = next(iter(keyring.entries.items()))  # the note comes after it
print(service, name, secret, flush=True)
person = patient()
receive(session, ME, person)
draft = notes.new_draft(session, person.id, "note", None, {"text": ""})
number = 0
while True:
    number += 1
    draft = notes.save_draft(session, replace(draft, body={"text": f"ord {number}"}))
    print("draft", number, flush=True)
    if number % 5 == 0:
        signed = notes.new_draft(session, person.id, "note", None, {"text": "Uro."})
        notes.sign(session, signed.id)
        print("signed", signed.id, flush=True)
"""


def test_kill_9_in_the_middle_of_saving_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    service, name, secret = process.stdout.readline().split()
    said: list[list[str]] = []
    while len(said) < 60:
        said.append(process.stdout.readline().split())
    process.send_signal(signal.SIGKILL)
    said += [line.split() for line in process.stdout.read().splitlines()]
    process.stdout.close()
    process.wait()

    keyring = MemoryKeyring()
    keyring.entries[service, name] = secret
    vault = make_vault(folder, memory_secrets(keyring))
    with vault.unlocked_for(USERNAME, PASSPHRASE) as database:
        assert database.damage_report() == []
        left: list[Draft] = drafts.left_open(database)
        typed = max(int(number) for word, number in said if word == "draft")
        kept = max(
            int(str(draft.body["text"]).split()[1])
            for draft in left
            if draft.body["text"] != "Uro."
        )
        assert kept in (typed, typed + 1)
        signed = {number for word, number in said if word == "signed"}
        stored = {note.id for note in records.select(database, Note)}
        assert signed <= stored
        assert {item.record_id for item in outbox.items(database)} == stored
        assert audit.first_broken(database) is None

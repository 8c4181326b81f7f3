"""What an administrator or a team leader asks about staff, and sending for a colleague.

The first four travel as calls of the office (`sync.protocol.office`, right MANAGE_PEOPLE). The
delivery needs no log-in of the laptop: it carries the recovery officer's own user name and
password, and the changes are sealed and signed by the store in which they were written.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from fieldapp.domain.people import LONGEST_NAME
from sync.protocol.messages import Id, Message

DELIVER_PATH: Final = "/deliver"
"""After `EXCHANGE_PREFIX`. One POST for each sealed part."""

Short = Annotated[str, Field(max_length=LONGEST_NAME)]


class AddPersonRequest(Message):
    """A new member of staff. The server makes the first password."""

    username: Short
    name: Short
    role: Short
    phone: Short = ""
    language: Short = ""
    team: Short = ""


class AddPersonAnswer(Message):
    """The new account; the password is told this once."""

    user_id: Id
    password: str = Field(repr=False)


class ChangePersonRequest(Message):
    """What shall be different about somebody; None leaves a thing as it is."""

    user_id: Id
    role: Short | None = None
    language: Short | None = None
    team: Short | None = None
    phone: Short | None = None
    reason: Annotated[str, Field(max_length=2000)] = ""
    reopen: bool = False
    """Open a closed account again; needs a reason. Its laptops stay as they are."""


class NewPasswordRequest(Message):
    """Somebody has forgotten their password on the server."""

    user_id: Id


class NewPasswordAnswer(Message):
    """A new first password, told this once. Every log-in with the old one has ended."""

    password: str = Field(repr=False)


class DeliverRequest(Message):
    """What lies sealed on a colleague's store, given in by a recovery officer.

    `data` is a courier file (`sync.protocol.courier`) in base 64: sealed to the server, signed by
    the store's own key. Who wrote what is decided by that key and never by `username`.
    """

    username: Short
    password: Annotated[str, Field(max_length=1000, repr=False)]
    data: str = Field(repr=False)


class DeliverAnswer(Message):
    """The signed receipt in base 64, and who the server knows the sender to be."""

    data: str = Field(repr=False)
    sender_id: Id
    sender_name: str

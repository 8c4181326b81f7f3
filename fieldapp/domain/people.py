"""What may be changed about a member of staff, and by whom. The server asks this."""

from __future__ import annotations

from typing import Final

from fieldapp.domain.patients import Role
from fieldapp.domain.rights import RIGHTS, Right, may

LANGUAGES: Final = ("nb", "nn", "en")
"""Languages that the program can be asked to speak; see `ui.i18n`."""

LONGEST_NAME: Final = 200
"""Letters of a name, a team or a telephone number."""


def may_give(own: Role | str, role: Role | str) -> bool:
    """True when somebody in the role `own` may give or take `role`, or give its holder a password.

    Nobody hands out more than they have, so that a team leader cannot become the recovery officer
    by a new password for that account. Only the administrator, who runs the accounts, may give any
    role; to one that a newer program has given, this version lets only the administrator come near.
    """
    if not may(own, Right.MANAGE_PEOPLE):
        return False
    try:
        mine, theirs = Role(own), Role(role)
    except ValueError:
        return own == Role.ADMINISTRATOR
    return mine is Role.ADMINISTRATOR or RIGHTS[theirs] <= RIGHTS[mine]

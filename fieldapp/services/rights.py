"""Asks the table of rights before a service reads or writes; `fieldapp.domain.rights` is the table.

The server asks it again. What has happened it takes in all the same, and marks it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from fieldapp.domain.rights import Right, may
from fieldapp.errors import UserError
from fieldapp.services.session import Session
from fieldapp.store import supply

P = ParamSpec("P")
R = TypeVar("R")


class NotAllowedError(UserError):
    """This person's role has no right to that; the argument names the right."""

    code = "not_allowed"


def has(session: Session, *rights: Right) -> bool:
    """True when the person's role holds at least one of these; screens offer by it."""
    return any(may(session.user.role, right) for right in rights)


def require(session: Session, *rights: Right) -> None:
    """Go on only for somebody who holds at least one of these. Raises NotAllowedError."""
    if not has(session, *rights):
        raise NotAllowedError(rights[0].value)


def needs(
    *rights: Right,
) -> Callable[[Callable[Concatenate[Session, P], R]], Callable[Concatenate[Session, P], R]]:
    """`require` before anything else in a service is done, so that it cannot be put too late."""

    def guarded(
        service: Callable[Concatenate[Session, P], R],
    ) -> Callable[Concatenate[Session, P], R]:
        @functools.wraps(service)
        def asked(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
            require(session, *rights)
            return service(session, *args, **kwargs)

        return asked

    return guarded


def may_use_register(session: Session) -> bool:
    """True for those who carry medicine or see the whole register, and for whoever has lines:
    who carried a bag in an earlier role still accounts for it.
    """
    return (
        has(session, Right.CARRY_BAG, Right.SEE_REGISTER)
        or supply.last_own(session.database, session.device_id, session.user.id) is not None
    )


def for_the_register(
    service: Callable[Concatenate[Session, P], R],
) -> Callable[Concatenate[Session, P], R]:
    """Ask `may_use_register` before a service of the register does anything else."""

    @functools.wraps(service)
    def asked(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not may_use_register(session):
            raise NotAllowedError(Right.CARRY_BAG.value)
        return service(session, *args, **kwargs)

    return asked

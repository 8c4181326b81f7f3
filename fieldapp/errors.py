"""The root of every exception that this application raises on purpose.

The three branches say who must act:

    FieldAppError
    ├── UserError    the person at the screen can do something about it
    ├── RetryError   nobody needs to act yet; the same call may succeed later
    └── Bug          the programmers must act

An exception carries a stable ``code`` (the user interface makes its own text from it) and, as
arguments, ids and counts only. It never carries a name, a note or any other patient content,
because exceptions end up in logs.
"""

from __future__ import annotations

from typing import ClassVar


class FieldAppError(Exception):
    """Something went wrong that the application knows by name."""

    code: ClassVar[str] = "error"

    def __str__(self) -> str:
        sentence = (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]
        if not self.args:
            return f"[{self.code}] {sentence}"
        facts = ", ".join(str(fact) for fact in self.args)
        return f"[{self.code}] {sentence} ({facts})"


class UserError(FieldAppError):
    """The person at the screen can act on this."""

    code = "user_error"


class RetryError(FieldAppError):
    """The same call may succeed later."""

    code = "retry"


class Bug(FieldAppError):
    """A rule of the program itself was broken."""

    code = "bug"

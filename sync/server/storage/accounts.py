"""Users, laptops, enrolment codes and log-ins. Secrets are here as hashes alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sync.server.storage.base import Row, Statements
from sync.server.storage.values import DeviceRow, EnrolCodeRow, LoginRow, TokenRow, UserRow

_USER = "SELECT id, username, role, password, active FROM app_user"
_DEVICE = (
    "SELECT id, user_id, secret_hash, name, platform, app_version, enrolled_at, revoked,"
    " public_key, forked, log_forked FROM device"
)
_CODE = "SELECT code_hash, user_id, expires_at, failed_tries, used FROM enrol_code"
_TOKEN = (
    "SELECT token_hash, user_id, device_id, expires_at, thumbprint, login_expires_at FROM token"  # noqa: S105
)
_LOGIN = (
    "SELECT t.user_id, t.device_id, u.role, t.expires_at, u.active, d.revoked, t.thumbprint,"
    " t.login_expires_at FROM token t"
    " JOIN app_user u ON u.id = t.user_id JOIN device d ON d.id = t.device_id"
    " WHERE t.token_hash = ?"
)
_USE_PROOF = (
    "INSERT INTO used_proof (thumbprint, name, until)"
    " SELECT t.thumbprint, ?, ? FROM token t WHERE t.token_hash = ? AND t.thumbprint = ?"
    " ON CONFLICT DO NOTHING"
)
_USE_PROOF_AND_LOGIN = (
    f"WITH used AS ({_USE_PROOF} RETURNING 1), login AS ({_LOGIN})"  # noqa: S608 - fixed texts
    " SELECT login.*, EXISTS (SELECT 1 FROM used) FROM login"
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What an exchange needs to know of a laptop and its user.

    `settled`: there are parked changes with which the office has dealt and of which the laptop may
    not have heard. `drafts`: drafts of the user are kept, from whichever laptop.
    """

    forked: bool
    log_sequence: int
    log_hash: str
    settled: bool
    drafts: bool


class AccountRepository:
    """Reads and writes accounts inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    # --- users

    def add_user(self, user: UserRow) -> None:
        """Add an account; the user name must be new."""
        self._db.run(
            "INSERT INTO app_user (id, username, role, password, active) VALUES (?, ?, ?, ?, ?)",
            (user.id, user.username, user.role, user.password, int(user.active)),
        )

    def user(self, user_id: str) -> UserRow | None:
        """Return an account by id."""
        return _user(self._db.rows(f"{_USER} WHERE id = ?", (user_id,)))

    def user_named(self, username: str) -> UserRow | None:
        """Return an account by user name."""
        return _user(self._db.rows(f"{_USER} WHERE username = ?", (username,)))

    def users(self) -> list[UserRow]:
        """Return every account by user name."""
        return [_user_of(row) for row in self._db.rows(f"{_USER} ORDER BY username")]

    def set_password(self, user_id: str, password: str) -> None:
        """Replace the stored Argon2id string."""
        self._db.run("UPDATE app_user SET password = ? WHERE id = ?", (password, user_id))

    def set_role(self, user_id: str, role: str) -> None:
        """Replace the role."""
        self._db.run("UPDATE app_user SET role = ? WHERE id = ?", (role, user_id))

    def set_user_active(self, user_id: str, active: bool) -> None:
        """Close or reopen an account."""
        self._db.run("UPDATE app_user SET active = ? WHERE id = ?", (int(active), user_id))

    # --- laptops

    def add_device(self, device: DeviceRow) -> None:
        """Add an enrolled laptop."""
        self._db.run(
            "INSERT INTO device (id, user_id, secret_hash, name, platform, app_version,"
            " enrolled_at, revoked, public_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                device.id,
                device.user_id,
                device.secret_hash,
                device.name,
                device.platform,
                device.app_version,
                device.enrolled_at,
                int(device.revoked),
                device.public_key,
            ),
        )

    def device(self, device_id: str) -> DeviceRow | None:
        """Return a laptop by id."""
        rows = self._db.rows(f"{_DEVICE} WHERE id = ?", (device_id,))
        return _device_of(rows[0]) if rows else None

    def devices(self) -> list[DeviceRow]:
        """Return every laptop, the first enrolled first."""
        return [_device_of(row) for row in self._db.rows(f"{_DEVICE} ORDER BY enrolled_at, id")]

    def revoke_device(self, device_id: str) -> None:
        """Shut a laptop out. Its tokens stay known, so that it is told why it is refused."""
        self._db.run("UPDATE device SET revoked = 1 WHERE id = ?", (device_id,))

    def set_disk_encrypted(self, device_id: str, encrypted: bool) -> None:
        """Store what a laptop said of its disk when it was made known."""
        self._db.run(
            "UPDATE device SET disk_encrypted = ? WHERE id = ?", (int(encrypted), device_id)
        )

    def disks(self) -> dict[str, bool]:
        """Return by device what was said then, of those that said it."""
        rows = self._db.rows("SELECT id, disk_encrypted FROM device WHERE disk_encrypted >= 0")
        return {device_id: bool(encrypted) for device_id, encrypted in rows}

    def set_machine(self, device_id: str, machine_id: str) -> None:
        """Store on which laptop a store lies, as the laptop named itself."""
        self._db.run("UPDATE device SET machine_id = ? WHERE id = ?", (machine_id, device_id))

    def machines(self) -> dict[str, str]:
        """Return the laptops that stores lie on, by device id; only of those that have said so."""
        return {
            device_id: machine_id
            for device_id, machine_id in self._db.rows(
                "SELECT id, machine_id FROM device WHERE machine_id <> ''"
            )
        }

    def set_public_key(self, device_id: str, public_key: str) -> None:
        """Store the key by which a laptop signs."""
        self._db.run("UPDATE device SET public_key = ? WHERE id = ?", (public_key, device_id))

    def beside(self, owners: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Beside]:
        """Return for each (device id, user id) what an exchange must know beside records."""
        rows = self._db.rows_for(
            "WITH wanted (device_id, user_id) AS ({keys})"
            " SELECT d.id, wanted.user_id, d.forked, d.log_sequence, d.log_hash,"
            " CASE WHEN EXISTS (SELECT 1 FROM parked_change p WHERE p.device_id = d.id"
            " AND p.settled_outcome IS NOT NULL AND p.acknowledged_at IS NULL)"
            " THEN 1 ELSE 0 END,"
            " CASE WHEN EXISTS (SELECT 1 FROM draft WHERE draft.user_id = wanted.user_id)"
            " THEN 1 ELSE 0 END"
            " FROM wanted JOIN device d ON d.id = wanted.device_id",
            ("text", "text"),
            list(owners),
        )
        return {
            (row[0], row[1]): Beside(
                forked=bool(row[2]),
                log_sequence=int(row[3]),
                log_hash=row[4],
                settled=bool(row[5]),
                drafts=bool(row[6]),
            )
            for row in rows
        }

    def mark_forked(self, device_id: str) -> None:
        """Note that two laptops go under one identity."""
        self._db.run("UPDATE device SET forked = 1 WHERE id = ?", (device_id,))

    def mark_log_forked(self, device_id: str) -> None:
        """Note that a laptop's access log does not fit the chain that is here."""
        self._db.run("UPDATE device SET log_forked = 1 WHERE id = ?", (device_id,))

    # --- enrolment codes

    def add_code(self, code: EnrolCodeRow) -> None:
        """Add a one-time code; a user's older codes are dead from now on."""
        self._db.run("DELETE FROM enrol_code WHERE user_id = ?", (code.user_id,))
        self._db.run(
            "INSERT INTO enrol_code (code_hash, user_id, expires_at) VALUES (?, ?, ?)",
            (code.code_hash, code.user_id, code.expires_at),
        )

    def code_of(self, user_id: str) -> EnrolCodeRow | None:
        """Return a user's newest code, locked until the transaction ends."""
        # Touching the row first makes two simultaneous tries take turns, so none goes uncounted.
        self._db.run("UPDATE enrol_code SET used = used WHERE user_id = ?", (user_id,))
        rows = self._db.rows(f"{_CODE} WHERE user_id = ?", (user_id,))
        if not rows:
            return None
        code_hash, owner, expires_at, failed_tries, used = rows[0]
        return EnrolCodeRow(code_hash, owner, expires_at, int(failed_tries), bool(used))

    def count_failed_try(self, code_hash: str) -> None:
        """Count one wrong try against a code."""
        self._db.run(
            "UPDATE enrol_code SET failed_tries = failed_tries + 1 WHERE code_hash = ?",
            (code_hash,),
        )

    def use_code(self, code_hash: str) -> None:
        """Mark a code as used up."""
        self._db.run("UPDATE enrol_code SET used = 1 WHERE code_hash = ?", (code_hash,))

    # --- log-ins

    def add_token(self, token: TokenRow, now: str) -> None:
        """Add a token; what has run out is cleared away: tokens whose log-in is over, and proofs
        that are too old to be shown again.
        """
        self._db.run(
            "DELETE FROM token WHERE expires_at <= ? AND login_expires_at <= ?", (now, now)
        )
        self._db.run("DELETE FROM used_proof WHERE until <= ?", (now,))
        self._db.run(
            "INSERT INTO token (token_hash, user_id, device_id, expires_at, thumbprint,"
            " login_expires_at) VALUES (?, ?, ?, ?, ?, ?)",
            (
                token.token_hash,
                token.user_id,
                token.device_id,
                token.expires_at,
                token.thumbprint,
                token.login_expires_at,
            ),
        )

    def token(self, token_hash: str) -> TokenRow | None:
        """Return a log-in by its token's hash."""
        rows = self._db.rows(f"{_TOKEN} WHERE token_hash = ?", (token_hash,))
        return TokenRow(*rows[0]) if rows else None

    def login(self, token_hash: str) -> LoginRow | None:
        """Return whose log-in a token is: one statement."""
        return _login(self._db.rows(_LOGIN, (token_hash,)))

    def proven_login(
        self, token_hash: str, thumbprint: str, proof: str, until: str
    ) -> LoginRow | None:
        """Return whose log-in a token is and use up its proof, asked with every request.

        The proof is remembered only beside a token of that key, so that strangers fill nothing.
        One statement where the database can.
        """
        use = (proof, until, token_hash, thumbprint)
        if self._db.dialect == "postgres":
            rows = self._db.rows(_USE_PROOF_AND_LOGIN, (*use, token_hash))
            return _login(rows, new_proof=bool(rows) and bool(rows[0][-1]))
        new_proof = self._db.run(_USE_PROOF, use) == 1
        return _login(self._db.rows(_LOGIN, (token_hash,)), new_proof=new_proof)

    def use_proof(self, thumbprint: str, proof: str, until: str) -> bool:
        """Use up a proof without a token; False when it was used before."""
        return (
            self._db.run(
                "INSERT INTO used_proof (thumbprint, name, until) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (thumbprint, proof, until),
            )
            == 1
        )

    def is_shut_out(self, user_id: str, device_id: str) -> bool:
        """True for a closed account or a laptop that was revoked."""
        return bool(
            self._db.rows(
                "SELECT 1 FROM device d JOIN app_user u ON u.id = ?"
                " WHERE d.id = ? AND (d.revoked = 1 OR u.active = 0)",
                (user_id, device_id),
            )
        )

    def end_logins(self, user_id: str) -> None:
        """End every log-in of a user."""
        self._db.run("DELETE FROM token WHERE user_id = ?", (user_id,))

    def end_all_logins(self) -> None:
        """End every log-in of everybody."""
        self._db.run("DELETE FROM token")

    def end_all_codes(self) -> None:
        """Let no code make a laptop known that was given out before."""
        self._db.run("UPDATE enrol_code SET used = 1")


def _login(rows: list[Row], *, new_proof: bool = False) -> LoginRow | None:
    if not rows:
        return None
    user_id, device_id, role, expires_at, active, revoked, thumbprint, login_ends = rows[0][:8]
    return LoginRow(
        user_id=user_id,
        device_id=device_id,
        role=role,
        expires_at=expires_at,
        shut_out=bool(revoked) or not active,
        thumbprint=thumbprint,
        login_expires_at=login_ends,
        new_proof=new_proof,
    )


def _user(rows: list[Row]) -> UserRow | None:
    return _user_of(rows[0]) if rows else None


def _user_of(row: Row) -> UserRow:
    user_id, username, role, password, active = row
    return UserRow(user_id, username, role, password, bool(active))


def _device_of(row: Row) -> DeviceRow:
    device_id, user_id, secret_hash, name, platform, app_version, enrolled_at, *rest = row
    revoked, public_key, forked, log_forked = rest
    return DeviceRow(
        device_id,
        user_id,
        secret_hash,
        name,
        platform,
        app_version,
        enrolled_at,
        bool(revoked),
        public_key,
        bool(forked),
        bool(log_forked),
    )

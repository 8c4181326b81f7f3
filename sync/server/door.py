"""The server's door: whose request it is, and that it comes from the laptop whose token it shows.

A token is bound to the key of its laptop, and every request brings a proof made with that key for
this one request (`sync.protocol.proofs`). Whoever steals a token, or records a whole request, can
do nothing with it. Two sorts of token are not bound: those that an older version of this server
gave before it was upgraded, good until they run out, and those of laptops whose program knows no
key yet; these are good for protocol 1 alone, so that what they hold reaches the server.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.device_orders import DeviceOrderKind
from sync.protocol.errors import (
    LoginExpiredError,
    ProofRefusedError,
    RevokedError,
    TokenExpiredError,
    UpgradeNeededError,
)
from sync.protocol.messages import TokenAnswer
from sync.protocol.proofs import fingerprint_of_token, read_proof, thumbprint
from sync.protocol.version import PREFIX
from sync.server import auth, limits
from sync.server.identity import Identity, ShownToken, Standing
from sync.server.storage.storage import Transaction
from sync.server.storage.values import LoginRow, TokenRow
from sync.server.world import World

_RENEW_BELOW: Final = 0.5
"""A token is renewed in passing once no more than this part of its life is left."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows of who it is, beside its body."""

    method: str
    path: str
    token: str | None = None
    proof: str | None = None


def authenticate(world: World, shown: Shown, *, lost_too: bool = False) -> Identity:
    """Return whose request it is. `lost_too`: also a laptop that was reported lost, as such; its
    caller gives it nothing.

    Raises LoginExpiredError, TokenExpiredError, ProofRefusedError, ProofTimeError, RevokedError,
    and UpgradeNeededError for a token that is good for protocol 1 alone.
    """
    found = _shown_login(world, shown)
    now = to_iso(world.clock.now())
    if found.expires_at <= now:
        # Only a log-in that can be renewed is told apart: any other needs its password.
        can_be_renewed = found.thumbprint and found.login_expires_at > now
        raise TokenExpiredError if can_be_renewed else LoginExpiredError
    standing = Standing.ACTIVE
    if found.shut_out:
        if not (lost_too and _is_lost(world, found.device_id)):
            raise RevokedError
        standing = Standing.LOST
    if _is_of_an_older_program(found) and not shown.path.startswith(PREFIX + "/"):
        raise UpgradeNeededError
    shown_token = _shown_token(found)
    return Identity(found.user_id, found.device_id, found.role, standing, token=shown_token)


def renew(world: World, shown: Shown) -> TokenAnswer:
    """Give a new token of the same log-in for one that may have run out. Raises as `authenticate`.

    The older token stays good until it runs out: the answer may be lost on its way.
    """
    found = _shown_login(world, shown)
    if not found.thumbprint or found.login_expires_at <= to_iso(world.clock.now()):
        raise LoginExpiredError
    if found.shut_out:
        raise RevokedError
    limits.take(world, limits.TOKEN, found.device_id)
    return _renewed(world, found.user_id, found.device_id, _shown_token(found))


def renewed_in_passing(world: World, identity: Identity) -> TokenAnswer | None:
    """Return a new token when the one that was shown has lived half its life, None before."""
    token = identity.token
    if token is None or identity.standing is not Standing.ACTIVE:
        return None
    now = world.clock.now()
    left = token.expires_at - now
    ends_with_its_login = token.expires_at >= token.login_expires_at
    if ends_with_its_login or left > world.settings.token_life * _RENEW_BELOW:
        return None
    return _renewed(world, identity.user_id, identity.device_id, token)


def proven_key(world: World, shown: Shown) -> str | None:
    """Return the public key of a proof that comes without a token; None without a proof.

    Raises ProofRefusedError, ProofTimeError.
    """
    if shown.proof is None:
        return None
    proven = read_proof(shown.proof, shown.method, shown.path, world.clock.now())
    use_once(world, proven.public_key, proven.name, proven.until)
    return proven.public_key


def use_once(world: World, public_key: str, name: str, until: datetime) -> None:
    """Use up the name of a proof or an assertion. Raises ProofRefusedError when it was used."""
    with world.storage.noting() as transaction:
        if not transaction.accounts.use_proof(thumbprint(public_key), name, to_iso(until)):
            raise ProofRefusedError


def add_token(
    world: World, transaction: Transaction, user_id: str, device_id: str, public_key: str | None
) -> tuple[TokenAnswer, datetime]:
    """Begin a log-in; return its first token and when the log-in ends.

    Without a key the token cannot be renewed and lives as long as the log-in.
    """
    now = world.clock.now()
    # Through the text form, so that laptop and server hold the very same instant.
    login_ends = from_iso(to_iso(now + world.settings.login_life))
    bound_to = thumbprint(public_key) if public_key is not None else ""
    shown = ShownToken(bound_to, now, login_ends)
    return _stored(world, transaction, user_id, device_id, shown), login_ends


# --- inner parts


def _shown_login(world: World, shown: Shown) -> LoginRow:
    if shown.token is None:
        raise LoginExpiredError
    token_hash = auth.token_hash(shown.token)
    if shown.proof is None:
        with world.storage.glance() as transaction:
            found = transaction.accounts.login(token_hash)
        if found is not None and found.thumbprint:
            raise ProofRefusedError  # somebody has the token and not the key
    else:
        proven = read_proof(shown.proof, shown.method, shown.path, world.clock.now())
        if proven.ath is None or not _same(proven.ath, fingerprint_of_token(shown.token)):
            raise ProofRefusedError
        print_of_key = thumbprint(proven.public_key)
        with world.storage.noting() as transaction:
            found = transaction.accounts.proven_login(
                token_hash, print_of_key, proven.name, to_iso(proven.until)
            )
        if found is not None and found.thumbprint:
            _check_bond(found, print_of_key)
    if found is None:
        raise LoginExpiredError
    return found


def _check_bond(found: LoginRow, thumbprint_shown: str) -> None:
    if not _same(found.thumbprint, thumbprint_shown) or not found.new_proof:
        raise ProofRefusedError


def _is_lost(world: World, device_id: str) -> bool:
    with world.storage.glance() as transaction:
        given = transaction.device_orders.standing(device_id)
    return given is not None and given.order.kind is DeviceOrderKind.LOST


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _is_of_an_older_program(found: LoginRow) -> bool:
    return not found.thumbprint and bool(found.login_expires_at)


def _shown_token(found: LoginRow) -> ShownToken | None:
    if not found.thumbprint:
        return None
    expires_at, login_ends = from_iso(found.expires_at), from_iso(found.login_expires_at)
    return ShownToken(found.thumbprint, expires_at, login_ends)


def _renewed(world: World, user_id: str, device_id: str, token: ShownToken | None) -> TokenAnswer:
    assert token is not None
    with world.storage.write(lasting=False) as transaction:
        return _stored(world, transaction, user_id, device_id, token)


def _stored(
    world: World, transaction: Transaction, user_id: str, device_id: str, like: ShownToken
) -> TokenAnswer:
    now = world.clock.now()
    expires_at = like.login_expires_at
    if like.thumbprint:
        expires_at = min(expires_at, now + world.settings.token_life)
    text, token = to_iso(expires_at), auth.new_token()
    row = TokenRow(
        auth.token_hash(token),
        user_id,
        device_id,
        text,
        like.thumbprint,
        to_iso(like.login_expires_at),
    )
    transaction.accounts.add_token(row, to_iso(now))
    return TokenAnswer(token=token, expires_at=from_iso(text))

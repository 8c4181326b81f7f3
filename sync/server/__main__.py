"""The server at a terminal: `python -m sync.server --help`."""

from __future__ import annotations

import argparse
import gc
import getpass
import json
import logging
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import platformdirs
import uvicorn

from fieldapp.clock import OSLO, SystemClock
from fieldapp.domain.patients import Role
from fieldapp.domain.people import LANGUAGES
from fieldapp.errors import UserError
from fieldapp.ids import new_id
from sync.protocol.authorities import fingerprint
from sync.server import auth, authorities, backup
from sync.server.admin import Admin, AdminError, Place, initialise
from sync.server.app import create_app, only_paths
from sync.server.claims import declare_restored
from sync.server.control import ORGANISATION
from sync.server.escrow import escrow_fingerprint, put_escrow_key
from sync.server.json_log import JsonFormatter
from sync.server.listen import open_listener
from sync.server.openapi import document
from sync.server.seed import DEMO_USERNAME, SECRETARY_USERNAME
from sync.server.seed.load import seed_demo
from sync.server.settings import Settings, check_listen
from sync.server.storage import sqlite
from sync.server.storage.base import CannotOpenError, StorageError
from sync.server.storage.sqlite import KEY_VARIABLE
from sync.server.storage.storage import Storage

_SENTENCES = {
    "exists": "There is a database or a key here already. Nothing was changed.",
    "missing": "There is no database here. Set up a server with --init, or name its folder.",
    "empty": "The database file is empty. Nothing was changed; restore it from a backup.",
    "not_encrypted": "The database file is not encrypted, so it is not this server's.",
    "key_missing": "The key file is missing, and the environment holds no key.",
    "key_damaged": "The key is not 64 hexadecimal digits.",
    "key_readable_by_others": "Others can read the key file. Give it mode 0600.",
    "wrong_key_or_damaged": "The key does not open this database, or the file is damaged.",
    "no_cipher": "The database library cannot encrypt. Nothing was written.",
    "no_answer": "The PostgreSQL database does not answer.",
}
_AFTER_A_RESTORE = """\
Everybody has to log in again, and codes for new laptops are made anew.
What the office did since the copy is forgotten here. Do it again before laptops reach the server:
  laptops that were lost or ended (Kontor; until then such a laptop counts as a good one),
  accounts that were closed, roles and passwords that were changed."""
_GRACE_SECONDS = 10
_STOPPED = 130
_SHORTEST_TOKEN = 20
_NEW_VALUES = 50_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code (0 done, 1 refused with a sentence)."""
    parsed = _parser().parse_args(arguments)
    try:
        return _run_command(parsed)
    except CannotOpenError as error:
        print(_SENTENCES.get(str(error.args[0]), str(error)), file=sys.stderr)
    except (StorageError, UserError) as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return _STOPPED
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(f"{error.strerror or 'The system refused'}{where}", file=sys.stderr)
    return 1


def _run_command(parsed: argparse.Namespace) -> int:
    place = Place(
        folder=Path(getattr(parsed, "data", None) or _default_folder()),
        database_url=getattr(parsed, "database_url", None),
        environment_key=os.environ.get(KEY_VARIABLE) or None,
    )
    if parsed.init:
        return _init(place, parsed)
    if parsed.command == "seed":
        return _seed(place, parsed)
    if parsed.command is None:
        _parser().print_help()
        return 1
    if parsed.command == "openapi":
        print(json.dumps(document(only_paths()), indent=1))
        return 0
    if parsed.command == "backup":
        return _backup(place, parsed)
    if parsed.command == "ca" and parsed.action in ("new", "server"):
        return _make_certificates(parsed)
    if parsed.command == "restore":
        return _restore(place, parsed)
    storage = place.open()
    try:
        if parsed.command == "run":
            return _serve(storage, parsed)
        if parsed.command == "restored":
            return _restored(storage, parsed)
        return _administer(_admin(storage), parsed)
    finally:
        storage.close()


def _default_folder() -> str:
    # Not the laptop's folder: the two are never opened by the same program.
    return platformdirs.user_data_dir("fieldapp-server", appauthor=False, roaming=False)


def _admin(storage: Storage) -> Admin:
    return Admin(storage, SystemClock(), new_id, auth.PasswordHasher(), Settings())


# --- commands


def _init(place: Place, parsed: argparse.Namespace) -> int:
    storage = place.create()
    try:
        password = initialise(_admin(storage), parsed.admin, parsed.admin_name)
    finally:
        storage.close()
    print(f"The server is set up. Administrator: {parsed.admin}")
    print(f"First password (shown once): {password}")
    return 0


def _seed(place: Place, parsed: argparse.Namespace) -> int:
    if not parsed.demo:
        raise AdminError("Only made-up people can be seeded: say --demo.")
    # A PostgreSQL is made by its own administrator; here it is only filled.
    storage = place.create() if place.is_new or place.database_url else place.open()
    try:
        storage.initialise(new_id())
        password = _password(parsed) if parsed.password_stdin else auth.new_password()
        today = parsed.today or SystemClock().now().astimezone(OSLO).date()
        counts = seed_demo(
            storage,
            today,
            auth.PasswordHasher().hash(password),
            lambda step, done, total: _tell(parsed, "progress", step=step, done=done, total=total),
        )
    finally:
        storage.close()
    secret = {} if parsed.password_stdin else {"password": password}
    _tell(
        parsed,
        "seeded",
        username=DEMO_USERNAME,
        secretary=SECRETARY_USERNAME,
        **secret,
        counts=counts,
    )
    return 0


def _backup(place: Place, parsed: argparse.Namespace) -> int:
    _embedded_only(place)
    made = backup.back_up(
        place.folder,
        place.environment_key,
        Path(parsed.folder),
        SystemClock().now(),
        with_key=parsed.with_key,
    )
    print(f"Copied and proved: {made.records} records, up to number {made.newest_seq}.")
    if not parsed.with_key:
        print("The key is not in the copy. Keep it elsewhere; without it the copy is lost.")
    return 0


def _restore(place: Place, parsed: argparse.Namespace) -> int:
    _embedded_only(place)
    key = place.environment_key
    if key is None and parsed.key_file is not None:
        key = sqlite.read_key(Path(parsed.key_file))
    made = backup.restore(
        place.folder, key, Path(parsed.folder), keep_key=place.environment_key is None
    )
    print(f"Restored: {made.records} records as of {made.made_at}, up to number {made.newest_seq}.")
    # The copy knows nothing of the days that were given out after it was made.
    storage = place.open()
    try:
        with storage.write() as transaction:
            awaited = declare_restored(transaction, SystemClock().now())
    finally:
        storage.close()
    print("What laptops sent after that they are asked for again at their next sync.")
    print(_AFTER_A_RESTORE)
    print(f"No day is given out before {awaited} laptops have synced once.")
    return 0


def _restored(storage: Storage, parsed: argparse.Namespace) -> int:
    """Begin a new epoch on purpose, or take a laptop off the list of those that are awaited."""
    with storage.write() as transaction:
        if parsed.gone is not None:
            device = transaction.accounts.device(parsed.gone)
            if device is None:
                raise AdminError("There is no laptop with this id.")
            transaction.accounts.revoke_device(device.id)
            transaction.claims.await_no_longer(device.id)
        elif not parsed.list:
            declare_restored(transaction, SystemClock().now())
        awaited = transaction.claims.awaited()
        names = {device.id: device.name for device in transaction.accounts.devices()}
        users = {user.id: user.username for user in transaction.accounts.users()}
    if parsed.gone is None and not parsed.list:
        print(_AFTER_A_RESTORE)
        print("A new epoch has begun. No day is given out before every laptop has synced once.")
    print(f"Awaited: {len(awaited)}")
    for store in awaited:
        user = users.get(store.practitioner_id, "?")
        print(f"{store.device_id}\t{names.get(store.device_id, '?')}\t{user}")
    return 0


def _embedded_only(place: Place) -> None:
    if place.database_url is not None:
        raise AdminError("A PostgreSQL is copied with its own tools; see sync/OPERATIONS.md.")


def _administer(admin: Admin, parsed: argparse.Namespace) -> int:
    command = parsed.command
    if command in ("user", "person"):
        return _user_command(admin, parsed)
    if command == "device":
        return _device_command(admin, parsed)
    if command == "assign":
        admin.assign(parsed.username, parsed.patient, primary=parsed.primary)
    elif command == "unassign":
        admin.unassign(parsed.username, parsed.patient)
    elif command == "ca":
        return _ca_command(admin, parsed)
    elif command == "enrol-code":
        code, expires_at = admin.enrol_code(parsed.username)
        _tell(parsed, "enrol_code", username=parsed.username, code=code, expires_at=expires_at)
    elif command in ("escrow", "organisation"):
        tell = _escrow if command == "escrow" else _organisation
        tell(admin.storage, parsed)
    elif command == "import-team":
        for username, password in admin.import_team(Path(parsed.file)):
            print(f"{username}\t{password}")
    return 0


def _organisation(storage: Storage, parsed: argparse.Namespace) -> None:
    if parsed.name is not None:
        with storage.write() as transaction:
            transaction.set_meta(ORGANISATION, parsed.name.strip())
    with storage.read() as transaction:
        print(transaction.meta(ORGANISATION) or "The organisation has no name here yet.")


def _escrow(storage: Storage, parsed: argparse.Namespace) -> None:
    if parsed.public is not None:
        print(f"Fingerprint: {put_escrow_key(storage, parsed.public)}")
        print("Compare it with the officers' papers. Laptops are told at their next log-in.")
        return
    present = escrow_fingerprint(storage)
    print(f"Fingerprint: {present}" if present else "The organisation has no escrow key.")


def _user_command(admin: Admin, parsed: argparse.Namespace) -> int:
    if parsed.action == "list":
        for user, practitioner, patients in admin.users():
            state = "" if user.active else "\tclosed"
            known = (practitioner.language or "-", practitioner.team or "-")
            more = "".join(f"\t{text}" for text in known) if parsed.command == "person" else ""
            print(f"{user.username}\t{practitioner.name}\t{user.role}\t{patients}{more}{state}")
    elif parsed.action == "add":
        password = _password(parsed) if parsed.password_stdin else auth.new_password()
        role = Role(parsed.role)
        admin.add_user(
            parsed.username,
            parsed.name,
            role,
            password,
            parsed.phone,
            language=parsed.language,
            team=parsed.team,
        )
        if not parsed.password_stdin:
            print(f"First password (shown once): {password}")
    elif parsed.action == "password":
        admin.set_password(parsed.username, _password(parsed))
    elif parsed.action == "role":
        admin.set_role(parsed.username, Role(parsed.role))
    elif parsed.action == "language":
        admin.change(parsed.username, language=parsed.language)
    elif parsed.action == "team":
        admin.change(parsed.username, team=parsed.team)
    else:
        admin.set_active(parsed.username, parsed.action == "open")
    return 0


def _device_command(admin: Admin, parsed: argparse.Namespace) -> int:
    if parsed.action == "revoke":
        admin.revoke_device(parsed.device_id)
        return 0
    for device in admin.devices():
        state = "\trevoked" if device.revoked else ""
        print(f"{device.id}\t{device.name}\t{device.platform}\t{device.enrolled_at}{state}")
    return 0


def _password(parsed: argparse.Namespace) -> str:
    if parsed.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("New password: ")
    if first != getpass.getpass("Once more: "):
        raise AdminError("The two passwords differ.")
    return first


def _tell(parsed: argparse.Namespace, event: str, **facts: object) -> None:
    """Print a line for people, or for programs with --json."""
    if parsed.json:
        # ASCII alone: the reader need not know which encoding this terminal has.
        line = json.dumps({"event": event, **facts})
    else:
        line = f"{event}: " + ", ".join(f"{name} {value}" for name, value in facts.items())
    print(line, flush=True)


# --- the organisation's CA


def _make_certificates(parsed: argparse.Namespace) -> int:
    """Make a CA, or a server's certificate of it; needs no database, and no server's machine."""
    folder, now = Path(parsed.folder), SystemClock().now()
    try:
        if parsed.action == "new":
            authorities.new_authority(folder, parsed.organisation, now)
            print(f"{folder / 'ca.pem'}: give it to the server (ca set). Keep {folder / 'ca.key'}")
            print("on a stick in a safe: whoever has it can stand in the server's place.")
        else:
            authorities.new_server_certificate(folder, parsed.host, now)
            print(f"{folder / 'server.pem'} and server.key: for run --certificate and --key.")
    except ValueError as error:
        raise AdminError(f"These are no certificates that fit: {error}.") from None
    return 0


def _ca_command(admin: Admin, parsed: argparse.Namespace) -> int:
    with admin.storage.write() as transaction:
        known = authorities.authorities(transaction)
        if parsed.action == "set":
            known = [_certificate_in(parsed.file)]
        elif parsed.action == "next":
            if not known:
                raise AdminError("There is no CA yet: ca set.")
            known = [known[0], _certificate_in(parsed.file)]
        if parsed.action != "show":
            try:
                authorities.set_authorities(transaction, known)
            except ValueError:
                raise AdminError(
                    "The file holds no certificate of a CA (PEM), or several."
                ) from None
    for place, pem in zip(("present", "next"), known, strict=False):
        print(f"{place}\t{fingerprint(pem)}")
    return 0


def _certificate_in(file: str) -> str:
    return Path(file).read_text(encoding="ascii", errors="replace")


# --- serving


def _serve(storage: Storage, parsed: argparse.Namespace) -> int:
    has_tls = parsed.certificate is not None
    if has_tls != (parsed.key is not None):
        raise AdminError("A certificate needs its key, and a key its certificate.")
    check_listen(parsed.host, has_tls=has_tls, behind_tls_proxy=parsed.insecure_behind_tls_proxy)
    with open_listener(parsed.host, parsed.port) as listener:
        _log_to_stderr()
        server = _http_server(storage, parsed)
        _collect_seldom()
        if parsed.until_stdin_closes:
            threading.Thread(target=_stop_with_input, args=(server,), daemon=True).start()
        # Connections are taken in already, and answered as soon as the server's loop turns.
        _announce(storage, listener, parsed.host, "https" if has_tls else "http")
        server.run(sockets=[listener])
    return 0


def _http_server(storage: Storage, parsed: argparse.Namespace) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(storage, SystemClock(), new_id, settings=_settings(parsed)),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,  # 37 bytes of every answer; a TLS proxy adds its own
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=parsed.certificate,
        ssl_keyfile=parsed.key,
        ssl_ciphers="TLSv1.2+ECDHE+AESGCM:TLSv1.2+ECDHE+CHACHA20",
    )
    if parsed.certificate is not None:
        config.load()
        assert config.ssl is not None
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    server = uvicorn.Server(config)

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn repeats a signal after it has shut down; that is then a normal end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return server


def _collect_seldom() -> None:
    """Look for cycles seldom, and never in what stands for ever.

    A request makes tens of thousands of values and hardly a cycle; to look through them at every
    seven hundredth took a tenth of the time. Without a cycle a value goes at once anyway.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_VALUES, 20, 20)


def _settings(parsed: argparse.Namespace) -> Settings:
    behind_proxy = bool(parsed.insecure_behind_tls_proxy)
    if parsed.monitor_token_file is None:
        return Settings(behind_proxy=behind_proxy)
    token = Path(parsed.monitor_token_file).read_text(encoding="ascii").strip()
    if len(token) < _SHORTEST_TOKEN:
        raise AdminError(f"The token for monitoring needs {_SHORTEST_TOKEN} characters.")
    return Settings(monitor_token_hash=auth.token_hash(token), behind_proxy=behind_proxy)


def _stop_with_input(server: uvicorn.Server) -> None:
    """End the server when whoever started it lets go of its input, or has died."""
    # Below Python's own reader, whose lock a thread must not hold while the program ends.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    server.should_exit = True


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _announce(storage: Storage, listener: socket.socket, host: str, scheme: str) -> None:
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    ready = {
        "event": "listening",
        "url": f"{scheme}://{shown}:{port}",
        "host": host,
        "port": port,
        "server_id": storage.server_id,
    }
    print(json.dumps(ready), flush=True)


# --- arguments


def _parser() -> argparse.ArgumentParser:
    where = argparse.ArgumentParser(add_help=False)
    # SUPPRESS: may stand before or after the command without one default undoing the other.
    where.add_argument("--data", metavar="DIR", default=argparse.SUPPRESS)
    where.add_argument("--database-url", metavar="postgresql://…", default=argparse.SUPPRESS)

    parser = argparse.ArgumentParser(prog="sync.server", parents=[where])
    parser.add_argument("--init", action="store_true", help="set up an empty server")
    parser.add_argument("--admin", default="admin", help="user name of the first administrator")
    parser.add_argument("--admin-name", default="Administrator")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    run = commands.add_parser("run", parents=[where], help="serve until told to stop")
    run.add_argument("--host", default="127.0.0.1")
    run.add_argument("--port", type=int, default=8440, help="0 takes any free one")
    run.add_argument("--insecure-behind-tls-proxy", action="store_true")
    run.add_argument("--until-stdin-closes", action="store_true", help="end when the input closes")

    run.add_argument("--certificate", metavar="FILE", help="serve TLS with this chain (PEM)")
    run.add_argument("--key", metavar="FILE", help="private key of the certificate (PEM)")
    run.add_argument("--monitor-token-file", metavar="FILE", help="who may read /metrics from afar")

    commands.add_parser("openapi", parents=[where], help="print what the server reads and answers")

    copy = commands.add_parser("backup", parents=[where], help="copy the embedded database")
    copy.add_argument("folder", help="new folder for the copy")
    copy.add_argument("--with-key", action="store_true", help="put the key beside the copy")

    back = commands.add_parser("restore", parents=[where], help="put a copy in place")
    back.add_argument("folder", help="folder of the copy")
    back.add_argument("--key-file", help="the key that the copy was made with")

    after = commands.add_parser(
        "restored", parents=[where], help="say that the database was set back, or may lag behind"
    )
    after.add_argument("--list", action="store_true", help="only show which laptops are awaited")
    after.add_argument("--gone", metavar="DEVICE_ID", help="shut a laptop out that will never sync")

    _add_user_commands(commands.add_parser("person", help="staff and their accounts"), where)
    _add_user_commands(commands.add_parser("user", help="the same, by its older name"), where)
    _add_device_commands(commands.add_parser("device", help="laptops"), where)

    for name in ("assign", "unassign"):
        command = commands.add_parser(name, parents=[where], help=f"{name} a patient")
        command.add_argument("username")
        command.add_argument("patient", help="id or national number")
        if name == "assign":
            command.add_argument("--primary", action="store_true")

    _add_ca_commands(commands.add_parser("ca", help="the organisation's CA, which laptops believe"))

    code = commands.add_parser("enrol-code", parents=[where], help="one-time code for a laptop")
    code.add_argument("username")
    code.add_argument("--json", action="store_true")

    organisation = commands.add_parser(
        "organisation", parents=[where], help="the name that stands on a patient's print"
    )
    organisation.add_argument("--name", help="set it; without it the present one is shown")
    escrow = commands.add_parser(
        "escrow", parents=[where], help="the organisation's key for lost passphrases"
    )
    escrow.add_argument("--public", metavar="HEX", help="the public half, made by fieldapp.escrow")

    team = commands.add_parser("import-team", parents=[where], help="users from a file")
    team.add_argument("file", help="lines of username;name;role")

    seed = commands.add_parser("seed", parents=[where], help="made-up people for a demo")
    seed.add_argument("--demo", action="store_true")
    seed.add_argument("--today", type=date.fromisoformat, help="the demo's day (YYYY-MM-DD)")
    seed.add_argument("--password-stdin", action="store_true")
    seed.add_argument("--json", action="store_true")
    return parser


def _add_user_commands(parser: argparse.ArgumentParser, where: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", parents=[where])
    for name in ("add", "password", "role", "language", "team", "close", "open"):
        action = actions.add_parser(name, parents=[where])
        action.add_argument("username")
        if name == "language":
            action.add_argument("language", choices=LANGUAGES)
        if name == "team":
            action.add_argument("team")
        if name == "add":
            action.add_argument("--name", required=True)
            action.add_argument("--phone", default="", help="for colleagues who must ring")
            action.add_argument("--language", default="", choices=("", *LANGUAGES))
            action.add_argument("--team", default="")
        if name in ("add", "role"):
            action.add_argument("--role", required=True, choices=[role.value for role in Role])
        if name in ("add", "password"):
            action.add_argument("--password-stdin", action="store_true")


def _add_ca_commands(parser: argparse.ArgumentParser) -> None:
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--data", metavar="DIR", default=argparse.SUPPRESS)
    where.add_argument("--database-url", metavar="postgresql://…", default=argparse.SUPPRESS)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="make a CA in a new folder")
    new.add_argument("folder")
    new.add_argument("--organisation", required=True)
    server = actions.add_parser("server", help="make a server's certificate of the folder's CA")
    server.add_argument("folder")
    server.add_argument("--host", action="append", required=True, help="name or address; repeat")
    actions.add_parser("show", parents=[where], help="fingerprints of what laptops are told")
    for name, words in (
        ("set", "laptops believe this CA alone"),
        ("next", "laptops believe this one as well, before a change"),
    ):
        actions.add_parser(name, parents=[where], help=words).add_argument("file")


def _add_device_commands(parser: argparse.ArgumentParser, where: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", parents=[where])
    revoke = actions.add_parser("revoke", parents=[where])
    revoke.add_argument("device_id")


if __name__ == "__main__":
    sys.exit(main())

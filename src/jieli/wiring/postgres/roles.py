"""The house's roles and databases, on the private server or on any other one.

Four roles, none of them superuser: the owner runs migrations, app works, shred may only call the functions
that destroy, read only reads. What each may do in a database is granted by the migrations.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from .errors import PostgresError
from .locks import write_whole
from .server import Cluster

OWNER, APP, SHRED, READ = ROLES = ("jieli_owner", "jieli_app", "jieli_shred", "jieli_read")
ATTRIBUTES = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")
LOCK_KEY = 0x6A69656C69  # "jieli": one advisory lock per server, taken in the database `postgres`
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
KEPT = frozenset({"postgres", "template0", "template1"})

Connection = psycopg.Connection[TupleRow]


def create_roles(cluster: Cluster, *, adopt: bool = False) -> Mapping[str, str]:
    """The four roles exist with the passwords kept in `cluster.roles_file`; returns role → password.

    Idempotent, and safe for several processes at once. On a server that is not ours alone, roles whose
    passwords we do not know may serve somebody else: they are refused (`postgres.roles_taken`) unless
    `adopt` says to give them new passwords. A crash after the file is written leaves passwords for roles
    that the next call makes; the roles are made in one transaction.
    """
    with _connect(cluster) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
        passwords = _passwords(cluster)
        found = _found(connection)
        for role in ROLES:
            if role not in found:
                _define(connection, "CREATE", role, passwords[role])
            elif found[role] is None or not verifies(passwords[role], str(found[role])):
                if not (adopt or cluster.private):
                    raise PostgresError(
                        "postgres.roles_taken",
                        f"The role {role} exists on this server with a password that is not in "
                        f"{cluster.roles_file}; restore that file, or adopt the roles if unused elsewhere.",
                    )
                _define(connection, "ALTER", role, passwords[role])
    return passwords


def create_database(cluster: Cluster, name: str, owner: str = OWNER, template: str | None = None) -> None:
    """Make the database `name` (UTF-8, C.UTF-8), open to the four roles only, or a copy of `template`.

    Errors: `postgres.bad_name`, `postgres.database_exists`, `postgres.template_in_use`, `postgres.no_roles`.
    A crash after the first statement leaves a database that anybody with a role may connect to.
    """
    target = sql.Identifier(_checked(name))
    source = (
        sql.SQL("TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        if template is None
        else sql.SQL("TEMPLATE {}").format(sql.Identifier(_checked(template)))
    )
    statement = sql.SQL("CREATE DATABASE {} OWNER {} {}").format(target, sql.Identifier(owner), source)
    with _connect(cluster) as connection:
        try:
            connection.execute(statement)
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(target))
            everybody = sql.SQL(", ").join(map(sql.Identifier, ROLES))
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(target, everybody))
            connection.execute(
                sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(target, sql.Identifier(APP))
            )
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation) as error:
            raise PostgresError(
                "postgres.database_exists", f"The database {name} exists; choose another name or drop it."
            ) from error
        except psycopg.errors.ObjectInUse as error:
            raise PostgresError(
                "postgres.template_in_use",
                f"Somebody is connected to the template {template}; close that connection and try again.",
            ) from error
        except psycopg.errors.UndefinedObject as error:
            raise PostgresError(
                "postgres.no_roles", "The house's roles are not on this server; call create_roles first."
            ) from error


def drop_database(cluster: Cluster, name: str) -> None:
    """Remove the database `name` with everything in it, ending its connections; absent is no error."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_checked(name)))
    with _connect(cluster) as connection:
        connection.execute(statement)


def verifies(password: str, verifier: str) -> bool:
    """Whether the server's SCRAM-SHA-256 verifier (RFC 5803 layout) was made from this password."""
    match = re.fullmatch(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)", verifier)
    if match is None:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(match[2]), int(match[1]))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return hmac.compare_digest(stored, base64.b64decode(match[3]))


def _connect(cluster: Cluster) -> Connection:
    try:
        return psycopg.connect(cluster.dsn("postgres"), autocommit=True, connect_timeout=60)
    except psycopg.OperationalError as error:
        raise PostgresError(
            "postgres.unreachable",
            "The server's database postgres cannot be opened as superuser; check that it runs and the DSN.",
        ) from error


def _passwords(cluster: Cluster) -> dict[str, str]:
    """Read, or made and kept; called under the advisory lock, so that one process makes them."""
    if cluster.roles_file.exists():
        kept = json.loads(cluster.roles_file.read_text(encoding="utf-8"))
        return {role: str(kept[role]) for role in ROLES}
    made = {role: secrets.token_urlsafe(32) for role in ROLES}
    cluster.roles_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(cluster.roles_file, json.dumps(made))
    return made


def _found(connection: Connection) -> dict[str, str | None]:
    try:
        rows = connection.execute(
            "SELECT rolname, rolpassword FROM pg_authid WHERE rolname = ANY(%s)", [list(ROLES)]
        ).fetchall()
    except psycopg.errors.InsufficientPrivilege as error:
        raise PostgresError(
            "postgres.not_superuser",
            "Making the roles needs a superuser of the server; give a superuser's DSN.",
        ) from error
    return {str(name): verifier for name, verifier in rows}


def _define(connection: Connection, verb: str, role: str, password: str) -> None:
    # The verifier is computed here: the password itself never reaches the server or its log.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("{} ROLE {} {} PASSWORD {}").format(
        sql.SQL(verb), sql.Identifier(role), ATTRIBUTES, sql.Literal(verifier)
    )
    connection.execute(statement)


def _checked(name: str) -> str:
    if not NAME.fullmatch(name) or name in KEPT:
        raise PostgresError(
            "postgres.bad_name",
            "A database name is a lower-case letter followed by at most 62 letters, digits and underscores, "
            "and none of the server's own; choose such a name.",
        )
    return name

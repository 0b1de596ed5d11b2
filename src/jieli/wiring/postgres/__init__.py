"""The private PostgreSQL: what runs when `DATABASE_URL` is not set. No Django here.

It keeps one server per home directory (`var/`), started on demand, shared by all processes, and promises
that committed data outlive the death of any of them, that only the account that runs Jieli comes in as
superuser, over a socket of its own, and that nothing of what is stored reaches its log. Any door may come in;
`jieli check --deploy` refuses it for production.

    server = ensure(Path("var"))
    passwords = create_roles(server)
    create_database(server, "jieli")
    dsn = server.dsn("jieli", role="jieli_app", password=passwords["jieli_app"])
"""

from .errors import PostgresError
from .roles import APP, OWNER, READ, ROLES, SHRED, create_database, create_roles, drop_database
from .server import Cluster, External, Server, discard, ensure, release, stop

__all__ = [
    "APP",
    "OWNER",
    "READ",
    "ROLES",
    "SHRED",
    "Cluster",
    "External",
    "PostgresError",
    "Server",
    "create_database",
    "create_roles",
    "discard",
    "drop_database",
    "ensure",
    "release",
    "stop",
]

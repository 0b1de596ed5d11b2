"""Making the house ready in a process: databases, Django, migrations, grants."""

import os

import django
from django.core.management import call_command
from django.db import connections

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import check_disarmed
from jieli.wiring import databases, postgres
from jieli.wiring.databases import STORE_OWNERS, Addresses
from jieli.wiring.profile import Profile

MAIN, KEYS = "jieli", "jieli_keys"
#: Stands in the home while a restore is under way: what was destroyed since the backup is not yet destroyed again.
RESTORING = "restoring"


class Unfinished(JieliError):
    """A restore has begun here and not ended."""

    code = "restore.unfinished"


class NewerTables(JieliError):
    """A newer program made these tables: this one would write past their rules and back up what it cannot restore."""

    code = "start.newer_tables"


def addresses_on(cluster: postgres.Cluster, *, main: str = MAIN, keys: str = KEYS) -> Addresses:
    """The addresses of the house's two databases on a server, which are made when they are not there."""
    passwords = postgres.create_roles(cluster)
    for name in (main, keys):
        try:
            postgres.create_database(cluster, name)
        except postgres.PostgresError as error:
            if error.code != "postgres.database_exists":
                raise

    def dsn(database: str, role: str) -> str:
        return cluster.dsn(database, role=role, password=passwords[role])

    return Addresses(
        default=dsn(main, postgres.APP),
        owner=dsn(main, postgres.OWNER),
        shred=dsn(main, postgres.SHRED),
        read=dsn(main, postgres.READ),
        keys=dsn(keys, postgres.APP),
        keys_owner=dsn(keys, postgres.OWNER),
    )


def addresses(profile: Profile) -> Addresses:
    """Where the databases of a profile are; the private server is started if need be."""
    if profile.urls is None:
        return addresses_on(postgres.ensure(profile.home))
    u = profile.urls
    return Addresses(u.app, u.owner, u.shred, u.read, u.keys_app, u.keys_owner)


def load() -> None:
    """Load the house's models; where the databases are is told later. Once a process, before any room is imported."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jieli.wiring.settings")
    django.setup()


def connect(found: Addresses) -> None:
    """Tell a loaded house where its databases are. Connections opened before, if any, are closed."""
    connections.close_all()
    for alias, where in databases.django_settings(found).items():
        connections.settings[alias].update(where)


def migrate() -> None:
    """Bring both stores to the present tables and rights. Two at once wait for each other; idempotent."""
    for store, owner in STORE_OWNERS.items():
        with connections[owner].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(27241)")
            try:
                call_command("migrate", database=owner, verbosity=0, interactive=False)
                from jieli.wiring.grants import grant

                grant(store)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(27241)")


def ready(profile: Profile) -> None:
    """Everything that a door needs before its first domain call; Unfinished while a restore is under way.

    NewerTables, before anything is read or written, where a newer program has been here.
    """
    if not profile.demo:
        check_disarmed()
    if (profile.home / RESTORING).exists():
        raise Unfinished(
            "这里的恢复还没有做完，备份之后销毁的内容可能尚未再次销毁。",
            remedy="请用同一条 jieli restore 命令继续。",
        )
    connect(addresses(profile))
    if pending():
        migrate()


def pending() -> bool:
    """Whether tables are older than the code, on either store; NewerTables where one knows more than the code."""
    from django.db.migrations.executor import MigrationExecutor

    executors = [MigrationExecutor(connections[owner]) for owner in STORE_OWNERS.values()]
    unknown = {
        one for e in executors for one in e.loader.applied_migrations if one not in e.loader.disk_migrations
    }
    if unknown:
        first = ".".join(min(unknown))
        raise NewerTables(
            f"数据库已由更新版本的接力升级（{len(unknown)} 项变更本程序不认识，如 {first}），本程序不读也不写。",
            remedy="请装回更新的版本；确要退回本版本，请把升级之前的备份恢复到空的安装。",
        )
    return any(e.migration_plan(e.loader.graph.leaf_nodes()) for e in executors)

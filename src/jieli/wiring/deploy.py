"""`jieli check --deploy`: what must be so before people's data comes in. Each finding says how to mend it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connections
from django.db.utils import Error as DatabaseError
from psycopg.conninfo import conninfo_to_dict

from jieli.archive.errors import KeyringUnsafe
from jieli.archive.keys.errors import KeeperAway
from jieli.archive.keys.ring import ROOT
from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import armed
from jieli.ledger import queries, standing
from jieli.wiring import keyring_check, signing_keys
from jieli.wiring.custody import Custody, custody, kept_here
from jieli.wiring.home import Home, home_of
from jieli.wiring.keeper_line import SocketKeeper
from jieli.wiring.profile import Profile
from jieli.wiring.signer import trusted
from seal.errors import SealError

SECRET_LENGTH = 50
#: Bytes below which the rate of an import falls as the house grows (docs/explanation/performance.md).
ENOUGH_CACHE, ENOUGH_LOG = 2**29, 2**32
_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not ready; a `grave` one forbids going live, the others are said and lived with."""

    code: str
    sentence: str
    remedy: str
    grave: bool = True


def check(profile: Profile, *, deploy: bool, at: int) -> list[Fault]:
    """Everything that is wrong with an installation, in a fixed order."""
    home = home_of(profile)
    settings = custody()
    found = [*_keys(home, settings), *_keyring(home, settings, at), *_database(), *_clock(at)]
    if deploy:
        found += [
            *_profile(profile),
            *_custody(home, settings),
            *_retired(home),
            *_transfers(profile, home),
            *_stores(profile),
        ]
        found += _outside(profile, home)
    return found


def _keys(home: Home, settings: Custody) -> Iterator[Fault]:
    wanted = [(home.log_key, "账本签名密钥"), (home.keys, "内容密钥环"), (home.policy, "信任策略")]
    if settings.keeper is not None:
        wanted.remove((home.keys, "内容密钥环"))
    for path, what in wanted:
        if not path.exists():
            yield Fault("check.no_keys", f"没有{what}。", "请运行 jieli keys init。")
        elif path == home.log_key and path.stat().st_mode & 0o077:
            yield _readable(what, path)
    for path in sorted({*home.log_key.parent.rglob("*.key")} - {home.log_key}):
        if path.stat().st_mode & 0o077:
            yield _readable("账本签名密钥", path)


def _readable(what: str, path: Path) -> Fault:
    return Fault("check.keys_readable", f"{what}可被本机其他账户读取。", f"请收紧 {path.name} 的权限。")


def _keyring(home: Home, settings: Custody, at: int) -> Iterator[Fault]:
    """Each key that could not be used; else the first import or search after this would be the one to say so."""
    try:
        for name, error in keyring_check.wrong(home, settings, at=at):
            if isinstance(error, KeyringUnsafe):
                yield Fault("check.keys_readable", error.sentence, error.remedy)
            elif settings.keeper is not None and not name:
                along = isinstance(error, KeeperAway) and kept_here(home, settings)
                remedy = "请启动 jieli serve：守护进程随它运行。" if along else error.remedy
                yield Fault("check.keeper", f"密钥守护进程不能使用：{error.sentence}", remedy)
            else:
                yield Fault("check.keyring", error.sentence, error.remedy)
    except DatabaseError:
        return  # `_database` says that it does not answer


def _retired(home: Home) -> Iterator[Fault]:
    """Keys that sign no more and still lie here."""
    try:
        left = signing_keys.lying_about(home)
    except PermissionError:
        return  # the signer's own directory: its account is told
    if left:
        sentence = (
            f"已停用的账本私钥仍在本机（{'、'.join(left)}）：持有它就能向只认旧公钥的人出示伪造的账本。"
        )
        remedy = "请运行 jieli keys rotate-log --as 登录名 --finish --destroy-old，备份里的一并销毁。"
        yield Fault("check.retired_key", sentence, remedy, grave=False)


def _custody(home: Home, settings: Custody) -> Iterator[Fault]:
    """Who holds the root key. The account of this command is taken for that of the web and the worker."""
    if settings.keeper is None:
        sentence = "网页、后台与命令行各自读取密钥环：攻破其一即得根密钥。"
        yield Fault(
            "check.no_keeper", sentence, "请以另一账户运行 jieli keys keep，并设 JIELI_KEEPER。", grave=False
        )
        return
    try:
        account = SocketKeeper(settings.keeper).account()
    except JieliError:
        return  # `_keyring` has said that it is away
    if account == os.geteuid():
        sentence = "密钥守护进程与网页以同一系统账户运行，彼此没有隔开。"
        yield Fault("check.keeper_same_account", sentence, "请以另一账户运行 jieli keys keep。", grave=False)
    # One that `jieli serve` runs along shares its files by design: it is said above, and lived with.
    if os.access(home.keys / ROOT, os.R_OK) and not kept_here(home, settings):
        sentence = "设了 JIELI_KEEPER，但本账户仍能读到安装目录里的根密钥。"
        yield Fault("check.root_beside_keeper", sentence, "请把密钥环移到守护进程账户的目录。")


def _database() -> Iterator[Fault]:
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT current_setting('fsync'), current_setting('full_page_writes')")
            if cursor.fetchone() != ("on", "on"):
                yield Fault(
                    "check.not_durable", "数据库没有打开 fsync。", "请打开 fsync 与 full_page_writes。"
                )
            cursor.execute(
                "SELECT has_table_privilege('ledger_entry', 'DELETE'), has_table_privilege('ledger_entry', 'UPDATE')"
            )
            if cursor.fetchone() != (False, False):
                yield Fault(
                    "check.rights",
                    "应用角色能改写或删除账本。",
                    "请以所有者身份重新运行一次 jieli，权限会重设。",
                )
    except DatabaseError:
        yield Fault(
            "check.database", "数据库无法连接或尚未建表。", "请核对 DATABASE_URL 与四个角色的连接地址。"
        )


def _clock(at: int) -> Iterator[Fault]:
    """By what was signed and stamped last, and by the newest entry: a clock that ran ahead lets terms end too early."""
    try:
        last = queries.last_checkpoint() if queries.logs() else None
    except DatabaseError:
        return  # `_database` has said it
    if last is None:
        return
    stamps = standing.standing(last, None).stamps
    newest = replace(last, signed_at=max(last.signed_at, queries.head(queries.live_log()).time))
    for sentence in standing.clock_faults(newest, stamps, at=at):
        yield Fault("check.clock", sentence, "请以时间服务器校准本机时钟。", grave=False)


def _profile(profile: Profile) -> Iterator[Fault]:
    if profile.demo:
        yield Fault("check.demo_profile", "当前是演示方式。", "请设 JIELI_PROFILE=production。")
    if armed() is not None:
        yield Fault("check.fail_point", "设置了故障注入变量。", "请删除 JIELI_FAIL_AT。")
    if len(profile.web_secret or "") < SECRET_LENGTH:
        yield Fault(
            "check.web_secret",
            "会话签名密钥未设或太短。",
            f"请设 JIELI_WEB_SECRET，不少于 {SECRET_LENGTH} 个字符。",
        )
    if set(profile.hosts) <= {"127.0.0.1", "localhost"}:
        yield Fault("check.hosts", "网页域名仍是本机。", "请设 JIELI_HOSTS。")


def _transfers(profile: Profile, home: Home) -> Iterator[Fault]:
    """What rehearses must not stand where customers are real."""
    site = urlsplit(profile.site)
    if profile.wecom is not None and urlsplit(profile.wecom.url).hostname in _THIS_MACHINE:
        yield Fault(
            "check.rehearsal_platform",
            "企业微信接口指向本机的演练平台，转移不会真的发生。",
            "请删除 JIELI_WECOM_URL，改用企业微信正式接口。",
        )
    if home.outbox.exists():
        yield Fault(
            "check.outbox_folder",
            "安装目录里有演示投递箱，其中的告知从未发给任何人。",
            "请使用新的安装目录，并接入短信通道或逐一发送告知清单。",
        )
    if profile.wecom is not None and (site.scheme != "https" or site.hostname in _THIS_MACHINE):
        yield Fault(
            "check.site",
            "客户的选择链接仍指向本机，或没有加密。",
            "请把 JIELI_SITE 设为公司备案域名（https）。",
        )


def _stores(profile: Profile) -> Iterator[Fault]:
    if profile.urls is None:
        yield Fault(
            "check.private_database", "正在使用自带的 PostgreSQL。", "请设 DATABASE_URL 及各角色的连接地址。"
        )
        return
    servers = [
        (where.get("host", ""), where.get("port", "5432"))
        for where in (conninfo_to_dict(u) for u in (profile.urls.app, profile.urls.keys_app))
    ]
    if servers[0] == servers[1]:
        sentence = "密钥库与主库在同一台服务器上。"
        yield Fault("check.keys_beside_data", sentence, "请把 JIELI_KEYS_URL 指向另一台服务器，备份也分开。")
    yield from _sizes()


def _sizes() -> Iterator[Fault]:
    """The settings of a server of one's own which many millions of messages need; the private one takes them itself."""
    query = "SELECT pg_size_bytes(current_setting('shared_buffers')), pg_size_bytes(current_setting('max_wal_size'))"
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(query)
            cache, log = cursor.fetchone()
    except DatabaseError:
        return  # `_database` has said that it does not answer
    if cache < ENOUGH_CACHE or log < ENOUGH_LOG:
        found = f"shared_buffers 是 {cache >> 20} MB，max_wal_size 是 {log >> 20} MB"
        sentence = f"主库的 {found}：几百万条之后，导入会越来越慢。"
        remedy = "内存与磁盘够时，请设 shared_buffers 为 1GB、max_wal_size 为 8GB，再重启 PostgreSQL。"
        yield Fault("check.small_server", sentence, remedy, grave=False)


def _outside(profile: Profile, home: Home) -> Iterator[Fault]:
    try:
        known = trusted(home) if home.policy.exists() else None
    except SealError as error:
        yield Fault(
            "check.policy", f"信任策略无法读取（{error.code}）。", "请对照 docs/reference/settings.md 更正。"
        )
        return
    if known is not None and known.quorum is None:
        sentence = "没有见证方：页面与文书将写“未见证，未经中立第三方固定”。"
        yield Fault("check.no_witness", sentence, "请在信任策略中加入公司之外的见证方。", grave=False)
    if profile.timestamp_url is None:
        yield Fault(
            "check.no_timestamp", "没有时间戳机构。", "请设 JIELI_TIMESTAMP_URL 并放入根证书。", grave=False
        )
    elif not home.timestamp_roots.exists():
        yield Fault("check.no_roots", "没有时间戳机构的根证书。", "请把根证书放到安装目录的 tsa-ca.pem。")

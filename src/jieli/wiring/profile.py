"""The two ways to run: `demo` on this machine, and `production`. Everything that differs stands here, typed."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from jieli.kernel.errors import JieliError

Name = Literal["demo", "production"]
ROOT = Path(__file__).resolve().parents[3]
WECOM = "https://qyapi.weixin.qq.com/cgi-bin"


class BadProfile(JieliError):
    """A setting in the environment cannot be used."""

    code = "wiring.bad_profile"


@dataclass(frozen=True)
class Urls:
    """Connection addresses of an outside PostgreSQL: one for each role, and the key store's own server."""

    app: str
    owner: str
    shred: str
    read: str
    keys_app: str
    keys_owner: str


@dataclass(frozen=True)
class Corp:
    """How WeCom is reached: the address of its interface, the corp and the secret of the application used."""

    url: str
    corpid: str
    secret: str


@dataclass(frozen=True)
class Profile:
    name: Name
    home: Path  # everything the installation writes: keys, sockets, demo output
    urls: Urls | None  # None: the private PostgreSQL
    hosts: tuple[str, ...]
    web_secret: str | None
    witness_urls: tuple[
        tuple[str, str], ...
    ]  # addresses of witnesses that the trust policy names without one
    timestamp_url: str | None
    wecom: Corp | None = None  # None: customers are passed on by hand, after a list of steps
    deposit_urls: tuple[tuple[str, str], ...] = ()  # 存证: kind and address of each depository
    site: str = "http://localhost:8765"  # where customers' and leavers' links lead

    @property
    def demo(self) -> bool:
        return self.name == "demo"


def _urls(environ: dict[str, str]) -> Urls | None:
    if not environ.get("DATABASE_URL"):
        return None
    names = {
        "app": "DATABASE_URL",
        "owner": "JIELI_OWNER_URL",
        "shred": "JIELI_SHRED_URL",
        "read": "JIELI_READ_URL",
        "keys_app": "JIELI_KEYS_URL",
        "keys_owner": "JIELI_KEYS_OWNER_URL",
    }
    if missing := [name for name in names.values() if not environ.get(name)]:
        raise BadProfile(
            f"设置了 DATABASE_URL，但缺少 {'、'.join(missing)}。",
            remedy="四个数据库角色各需一个连接地址，密钥库另需两个；见 docs/reference/settings.md。",
        )
    return Urls(**{field: environ[name] for field, name in names.items()})


def _corp(environ: dict[str, str]) -> Corp | None:
    corpid, secret = environ.get("JIELI_WECOM_CORPID"), environ.get("JIELI_WECOM_SECRET")
    if not corpid and not secret:
        return None
    if not corpid or not secret:
        raise BadProfile(
            "JIELI_WECOM_CORPID 与 JIELI_WECOM_SECRET 须同时设置。",
            remedy="请在企业微信管理后台查到企业编号与应用的密钥；见 docs/reference/settings.md。",
        )
    return Corp(environ.get("JIELI_WECOM_URL", WECOM), corpid, secret)


def _named(environ: dict[str, str], variable: str) -> tuple[tuple[str, str], ...]:
    """`name=address` pairs, parted by commas."""
    found = [word.strip().partition("=") for word in environ.get(variable, "").split(",") if word.strip()]
    if wrong := [name for name, _, url in found if not name or not url.startswith(("http://", "https://"))]:
        raise BadProfile(
            f"{variable} 中的“{wrong[0][:40]}”没有写成“名称=网址”。",
            remedy="多个之间用英文逗号隔开；见 docs/how-to/witness.md。",
        )
    return tuple((name, url) for name, _, url in found)


def read_profile(environ: dict[str, str]) -> Profile:
    """The profile that the environment describes; BadProfile says what is wrong with it."""
    name = environ.get("JIELI_PROFILE", "demo")
    if name not in get_args(Name):
        raise BadProfile(f"JIELI_PROFILE 不能是“{name}”。", remedy="请设为 demo 或 production。")
    return Profile(
        name="production" if name == "production" else "demo",
        home=Path(environ.get("JIELI_HOME", ROOT / "var")).absolute(),
        urls=_urls(environ),
        hosts=tuple(h for h in environ.get("JIELI_HOSTS", "127.0.0.1,localhost").split(",") if h),
        web_secret=environ.get("JIELI_WEB_SECRET"),
        witness_urls=_named(environ, "JIELI_WITNESS_URL"),
        timestamp_url=environ.get("JIELI_TIMESTAMP_URL"),
        wecom=_corp(environ),
        deposit_urls=_named(environ, "JIELI_DEPOSIT_URL"),
        site=environ.get("JIELI_SITE", "http://localhost:8765").rstrip("/"),
    )


@cache
def profile() -> Profile:
    """The profile of this process."""
    return read_profile(dict(os.environ))

"""What a person is in the registers, what keeps him there, and where he is still named elsewhere (ADR 26)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connections, models

from jieli.archive.case_words import GOES
from jieli.archive.errors import PersonKept, PersonUnknown
from jieli.ledger.tables import Row, declared, rows
from jieli.parties import queries as parties

#: What the database may answer, and how it is said.
_SAID = {"保全": "有保全在", "事项": "事项未结或未满一年：", "劳动合同": "劳动合同须保存到离职后两年：工号 "}
#: Registers of people, in which a row is of one person: his own are emptied, what is left there is somebody else's.
OF_PEOPLE = frozenset(
    {
        "access_credential", "access_user", "parties_customer", "parties_customer_identity", "parties_staff",
        "succession_customer_need",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """A table in which words of an erased person still stand, in how many rows, and which, where they have UUIDs."""

    table: str
    rows: int
    ids: tuple[UUID, ...] = ()


def standing_of(person: UUID) -> list[tuple[str, str]]:
    """(table, id) of every register row that says who somebody is and is not emptied yet: the parties', his own
    sign-in, his places in groups, and what rooms above say of him (ADR 33)."""
    found = parties.standing_of(person)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT 'access_user', u.id::text FROM access_user u WHERE u.staff = %(who)s"
            "  AND u.sign_in <> 'erased:' || u.id"
            " UNION ALL SELECT 'access_credential', c.id::text FROM access_credential c"
            "  JOIN access_user u ON u.id = c.user_id WHERE u.staff = %(who)s AND u.sign_in <> 'erased:' || u.id"
            " UNION ALL SELECT 'assets_group_member', m.id::text FROM assets_group_member m"
            "  JOIN assets_group g ON g.asset_id = m.group_id WHERE m.account_id IS NULL"
            "  AND m.external_id <> 'erased:' || m.id AND (m.customer_id = %(who)s OR EXISTS ("
            "   SELECT FROM parties_customer_identity i WHERE i.customer_id = %(who)s AND i.platform = g.platform"
            "   AND i.external_id = m.external_id))"
            " UNION ALL SELECT r.tab, r.id::text FROM archive_register_rows(%(who)s) r ORDER BY 1, 2",
            {"who": person},
        )
        return found + [(table, key) for table, key in cursor.fetchall()]


def kept(person: UUID, *, wish: bool, today: date) -> list[tuple[str, str]]:
    """What stands in the way of emptying somebody's register, as (kind, what): the database's own answer."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT kind, what FROM archive_person_kept(%s, %s, %s)", [person, wish, today])
        return [(kind, what) for kind, what in cursor.fetchall()]


def check(person: UUID, *, wish: bool, today: date) -> None:
    """PersonUnknown for nobody of these registers, or one who is emptied; PersonKept for one whom something keeps."""
    if not parties.standing_of(person):
        raise PersonUnknown("登记中没有这个人，或其登记已经清空。", remedy="请核对人员编号。")
    if found := kept(person, wish=wish, today=today):
        said = "；".join(
            dict.fromkeys(f"{_SAID[kind]}{what if kind != '保全' else ''}" for kind, what in found)
        )
        raise PersonKept(
            f"现在不能清空这个人的登记：{said}。", remedy="请待事由结束后再办，或只销毁档案内容。",
            holds=[UUID(what) for kind, what in found if kind == "保全"],
        )  # fmt: skip


def words_of(person: UUID) -> list[str]:
    """What he is known by in the registers: names, telephone numbers, ids on platforms, what he signs in with."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT unnest(ARRAY[name, phone]) FROM parties_staff WHERE id = %(who)s"
            " UNION SELECT unnest(ARRAY[name, phone]) FROM parties_customer WHERE id = %(who)s"
            " UNION SELECT external_id FROM parties_customer_identity WHERE customer_id = %(who)s"
            " UNION SELECT unnest(ARRAY[name, sign_in]) FROM access_user WHERE staff = %(who)s",
            {"who": person},
        )
        return sorted(word for (word,) in cursor.fetchall() if word)


def named_elsewhere(words: Sequence[str]) -> list[Named]:
    """The tables of other rooms in whose declared personal columns any of these words stands, and in how many rows.

    Reads these tables from end to end: it is asked once for an erasure. Bytes (scans, PDFs) are not looked into.
    """
    found = []
    for model in rows():
        columns = list(personal_columns(model))
        if model.store != "default" or not columns or not words:
            continue
        query = models.Q()
        for column in columns:
            for word in words:
                query |= models.Q(**{f"{column}__contains": word})
        ids = list(model._base_manager.filter(query).values_list("pk", flat=True))
        if ids:
            table = model._meta.db_table
            known = tuple(key for key in ids if isinstance(key, UUID)) if table in GOES else ()
            found.append(Named(table, len(ids), known))
    return found


def personal_columns(model: type[Row]) -> Iterable[str]:
    """The declared personal columns of a table that hold text."""
    for field in model._meta.concrete_fields:
        said = declared(field)
        if said is not None and said.personal and isinstance(field, models.TextField | models.CharField):
            yield field.name

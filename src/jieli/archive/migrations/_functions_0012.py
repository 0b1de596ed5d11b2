"""SQL of the twelfth migration: registers and the matters of other kinds go by plan too, and each is asked for once.

Beside the cases of the ninth migration there are now: matters of the kinds 请求, 泄露 and 事件; an approval and a duty
under no matter; an enablement; an account, a number or a group with what stands under it in the register. Each is a
case by itself, with its own id. And rows of a room above that belong to a person's register go when he is erased.
"""

from jieli.archive.migrations._case_words_0009 import EMPTIED, NAME
from jieli.archive.migrations._functions_0005 import REGISTERS as _REGISTERS
from jieli.archive.migrations._functions_0009 import CITED_BELOW as CITED_BEFORE
from jieli.archive.migrations._functions_0009 import EMPTYING_BELOW as EMPTYING_BEFORE
from jieli.archive.migrations._functions_0009 import KEPT as KEPT_BEFORE
from jieli.archive.migrations._functions_0009 import PARTS as PARTS_BEFORE
from jieli.archive.migrations._functions_0009 import PLATFORMS as PLATFORMS_BEFORE
from jieli.archive.migrations._functions_0009 import ROOMS as ROOMS_BEFORE
from jieli.archive.migrations._functions_0009 import ROWS_BELOW as ROWS_BEFORE
from jieli.archive.migrations._functions_0009 import SHRED as SHRED_BEFORE
from jieli.archive.migrations._functions_0011 import MONTHS as MONTHS_BEFORE


def changed(sql: str, **told: tuple[str, str]) -> str:
    """A definition with some of its places changed, each of which must be there once."""
    for old, new in told.values():
        if sql.count(old) != 1:
            raise ValueError(f"the earlier definition is not the one that this one changes: {old}")
        sql = sql.replace(old, new)
    return sql


def hashed(sql: str) -> str:
    """A definition that looks things up in an array of thousands by hash: where the array is an argument of a function
    that `= ANY` is asked with, the server goes through it again for each row."""
    for name in ("wanted", "cases", "named"):
        sql = sql.replace(f"= ANY ({name})", f"IN (SELECT unnest({name}))")
    return sql


def again(sql: str) -> str:
    """A definition that takes the place of one that is there; what may be called by whom stays as it is."""
    return sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


MONTHS = changed(
    MONTHS_BEFORE,
    last=("('dispute', 12, 12)", "('dispute', 12, 12),\n            ('matter', 36, 36), ('register', 36, 12)"),
)

# As the ninth migration has it, with people and withdrawals asked for once and not for each row; and the cases that
# are of no matter. A plan for customers has its approval under its own matter (succession). An approval in force keeps
# nothing: it goes on without its words.
CITED_BELOW = """
CREATE OR REPLACE FUNCTION cases_cited_by_below(wanted uuid[])
RETURNS TABLE ("case" uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT m.id, k.class, CASE WHEN EXISTS (SELECT FROM duties_duty d WHERE d.matter = m.id AND d.state = '待办')
            THEN NULL ELSE (m.closed_on + make_interval(months => k.more))::date END, p.person, m.number
        FROM matters_matter m
        JOIN (VALUES ('离职', 'handover', 0), ('争议', 'dispute', 24), ('请求', 'matter', 0), ('泄露', 'matter', 0),
            ('事件', 'matter', 0)) AS k(kind, class, more) ON k.kind = m.kind
        LEFT JOIN matters_person p ON p.matter_id = m.id WHERE m.id IN (SELECT unnest(wanted))
    UNION ALL
    SELECT * FROM cases_cited_by_consents(wanted)
    UNION ALL
    SELECT o.id, 'consent', o.since, o.customer, '平台所记的同意' FROM cases_cited_by_platforms(wanted) o
    UNION ALL
    SELECT e.id, 'assessment', CASE WHEN NOT EXISTS (
                SELECT FROM archive_item i WHERE i.shredded_in IS NULL
                    AND i.event_at >= archive_midnight(e.from_day)
                    AND i.event_at < archive_midnight(coalesce(archive_day(v.revoked_at), e.until) + 1))
            THEN coalesce(archive_day(v.revoked_at), e.until) END, NULL::uuid, '启用：' || e.what
        FROM approvals_enablement e LEFT JOIN approvals_revocation v ON v.enablement_id = e.id
        WHERE e.id IN (SELECT unnest(wanted))
    UNION ALL
    SELECT q.id, 'matter', greatest(d.decided_on, archive_day(v.revoked_at), archive_day(q.expires_at)),
        p.person, '审批：' || q.kind
        FROM approvals_request q LEFT JOIN approvals_decision d ON d.request_id = q.id
        LEFT JOIN approvals_revocation v ON v.request_id = q.id
        CROSS JOIN LATERAL unnest(q.excluded || q.subject) AS p(person)
        WHERE q.id IN (SELECT a.id FROM archive_approvals_alone(wanted) a)
    UNION ALL
    SELECT d.id, 'matter', CASE WHEN s.id IS NOT NULL AND s.left_on IS NULL THEN NULL
            WHEN d.state = '已履行' THEN greatest(d.done_on, s.left_on)
            WHEN d.state = '不再适用' THEN greatest(archive_day(d.laid_at), d.starts_on, d.due_on, s.left_on) END,
        d.person, '义务：' || d.name
        FROM duties_duty d LEFT JOIN parties_staff s ON s.id = d.person
        WHERE d.id IN (SELECT unnest(wanted)) AND d.matter IS NULL
    UNION ALL
    SELECT * FROM cases_cited_by_assets(wanted)
$$;
"""

# An approval that stands under no matter, and that no room above has among the rows of its cases.
ALONE = """
CREATE FUNCTION archive_approvals_alone(wanted uuid[]) RETURNS TABLE (id uuid)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    room text;
    found uuid[] := ARRAY(SELECT q.id FROM approvals_request q WHERE q.id IN (SELECT unnest(wanted))
        AND NOT EXISTS (SELECT FROM matters_matter m WHERE m.id = q.subject));
BEGIN
    FOREACH room IN ARRAY ARRAY['succession', 'handover', 'evidence'] LOOP
        EXIT WHEN cardinality(found) = 0;
        IF to_regprocedure('case_rows_in_' || room || '(uuid[],uuid[])') IS NULL THEN
            found := '{}';
        ELSE
            EXECUTE format('SELECT ARRAY(SELECT w.one FROM unnest($1) AS w(one)
                WHERE w.one NOT IN (SELECT r.id FROM %I(''{}'', $1) r))', 'case_rows_in_' || room)
                INTO found USING found;
        END IF;
    END LOOP;
    RETURN QUERY SELECT unnest(found);
END $$;
"""

CONSENTS = """
CREATE FUNCTION cases_cited_by_consents(wanted uuid[])
RETURNS TABLE ("case" uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH said AS MATERIALIZED (
        SELECT k.subject FROM consent_step k JOIN unnest(wanted) AS w(id) USING (id)
            WHERE k.subject IS NOT NULL GROUP BY k.subject
    ), told AS MATERIALIZED (
        SELECT k.id, k.subject, min(k.claimed_at) FILTER (WHERE k.step = '撤回') OVER (
                PARTITION BY k.subject, k.means, k.scope ORDER BY k.claimed_at
                RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS withdrawn
            FROM consent_step k JOIN said USING (subject)
        UNION ALL SELECT d.id, d.staff_id, NULL FROM consent_document d
        UNION ALL SELECT l.id, l.staff_id, NULL FROM consent_leave l
    ), asked AS MATERIALIZED (
        SELECT t.id, t.subject, t.withdrawn FROM told t JOIN unnest(wanted) AS w(id) USING (id)
    ), erased AS MATERIALIZED (
        SELECT c.id, archive_day(max(d.at)) AS day FROM parties_customer c
            JOIN archive_shred d ON d.target = c.id::text AND d.scope = '人及登记'
            WHERE c.shredded_in IS NOT NULL GROUP BY c.id
    ), people AS MATERIALIZED (
        SELECT a.subject, coalesce(s.left_on, e.day) AS ended,
            EXISTS (SELECT FROM archive_basis b WHERE b.speaker = a.subject AND b.shredded_in IS NULL)
                OR EXISTS (SELECT FROM archive_basis b WHERE b.holder = a.subject AND b.shredded_in IS NULL) AS needed
            FROM (SELECT DISTINCT subject FROM asked) a
            LEFT JOIN parties_staff s ON s.id = a.subject LEFT JOIN erased e ON e.id = a.subject
    )
    SELECT a.id, 'consent', CASE WHEN p.needed THEN NULL WHEN a.withdrawn IS NULL THEN p.ended
            ELSE archive_day(a.withdrawn) END, a.subject, '告知与同意'
        FROM asked a JOIN people p USING (subject)
$$;
"""

# An account that is closed, a number that rests and was not given out since, a group that everybody left. While a
# member of staff holds it, or anything is kept that came through it, it goes on. When an account was closed the
# register does not say: the last entry that wrote its row is not earlier. Of devices no row says who; they stay.
ASSETS = """
CREATE FUNCTION cases_cited_by_assets(wanted uuid[])
RETURNS TABLE ("case" uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH asked AS MATERIALIZED (
        SELECT a.id, a.kind FROM assets_asset a JOIN unnest(wanted) AS w(id) USING (id) WHERE a.kind <> '设备'
    ), held AS MATERIALIZED (
        SELECT h.asset_id AS id, bool_or(upper_inf(h.during)) AS still, max(upper(h.during)) AS until,
            max(lower(h.during)) AS given
            FROM assets_holding h JOIN asked a ON a.id = h.asset_id WHERE h.staff_id IS NOT NULL GROUP BY h.asset_id
    ), ended AS MATERIALIZED (
        SELECT a.id, (SELECT archive_day(max(e.time)) FROM assets_account c
                JOIN ledger_part p ON p.row_table = 'assets_account' AND p.row_id = c.asset_id::text
                JOIN ledger_entry e ON e.log = p.log AND e.index = p.entry
                WHERE c.asset_id = a.id AND c.state = '停用') AS day
            FROM asked a WHERE a.kind = '账号' AND NOT EXISTS (
                SELECT FROM archive_basis b WHERE b.account = a.id AND b.shredded_in IS NULL)
        UNION ALL
        SELECT a.id, archive_day(n.rests_until) FROM asked a JOIN assets_number n ON n.asset_id = a.id
            LEFT JOIN held h ON h.id = a.id
            WHERE (h.given < to_timestamp(n.rests_until / 1000)) IS NOT FALSE
        UNION ALL
        SELECT a.id, (SELECT CASE WHEN bool_or(upper_inf(m.during)) THEN NULL
                    ELSE (max(upper(m.during)) AT TIME ZONE 'Asia/Shanghai')::date END
                FROM assets_group_member m WHERE m.group_id = a.id)
            FROM asked a JOIN assets_group g ON g.asset_id = a.id WHERE NOT EXISTS (
                SELECT FROM archive_conversation c WHERE c.room = g.room AND c.shredded_in IS NULL)
    ), concerned AS (
        SELECT asset_id AS id, staff_id AS person FROM assets_holding
        UNION SELECT asset_id, staff_id FROM assets_use
        UNION SELECT asset_id, staff_id FROM assets_control
        UNION SELECT account_id, changed_by_id FROM assets_account_change
        UNION SELECT group_id, customer_id FROM assets_group_member
    )
    SELECT a.id, 'register', CASE WHEN h.still THEN NULL WHEN e.day IS NULL THEN NULL
            ELSE greatest(e.day, (h.until AT TIME ZONE 'Asia/Shanghai')::date) END, p.person, a.kind || '登记'
        FROM asked a LEFT JOIN ended e USING (id) LEFT JOIN held h USING (id) LEFT JOIN concerned p USING (id)
$$;
"""

# Table, how it comes to its case, the case, its key, and which rows only: what stands under a matter is that one's.
_ALONE = "{} IN (SELECT a.id FROM alone a)"
_ASKED = "JOIN approvals_request q ON q.id = r.request_id"
_MORE = (
    ("approvals_enablement", "", "r.id", "r.id", "true"),
    ("approvals_revocation", "", "r.enablement_id", "r.id", "r.enablement_id IS NOT NULL"),
    ("approvals_request", "", "r.id", "r.id", _ALONE.format("r.id")),
    ("approvals_decision", _ASKED, "q.id", "r.id", _ALONE.format("q.id")),
    ("approvals_revocation", _ASKED, "q.id", "r.id", _ALONE.format("q.id")),
    ("duties_duty", "", "r.id", "r.id", "r.matter IS NULL AND r.state IN ('已履行', '不再适用')"),
    ("assets_asset", "", "r.id", "r.id", "r.kind <> '设备'"),
    ("assets_account", "", "r.asset_id", "r.asset_id", "true"),
    ("assets_account_change", "", "r.account_id", "r.id", "true"),
    ("assets_number", "", "r.asset_id", "r.asset_id", "true"),
    ("assets_group", "", "r.asset_id", "r.asset_id", "true"),
    ("assets_group_member", "", "r.group_id", "r.id", "true"),
)
ROWS_BELOW = hashed(
    changed(
        again(ROWS_BEFORE),
        begin=(
            "AS $$\n",
            """AS $$
    WITH alone AS MATERIALIZED (
        SELECT a.id FROM archive_approvals_alone(ARRAY(
            SELECT unnest(cases) UNION SELECT unnest(named)
            UNION SELECT d.request_id FROM approvals_decision d WHERE d.id = ANY (named)
            UNION SELECT v.request_id FROM approvals_revocation v WHERE v.id = ANY (named))) a
    )
""",
        ),
        end=(
            "\n$$;\n",
            "".join(  # noqa: S608 - our own names
                f"\n    UNION ALL\n    SELECT {case}, '{table}', {key} FROM {table} r {joins}\n"
                f"        WHERE ({case} = ANY (cases) OR {key} = ANY (named)) AND {only}"
                for table, joins, case, key, only in _MORE
            )
            + "\n$$;\n",
        ),
    )
)
PLATFORMS = hashed(again(PLATFORMS_BEFORE))
# Cases of the rooms above are matters: only those are asked of them, and a room that is not there keeps them all.
_MATTERS = "ARRAY(SELECT m.id FROM matters_matter m JOIN unnest({}) AS w(id) USING (id))"
ROOMS = changed(
    again(ROOMS_BEFORE),
    cited=(
        "'cases_cited_by_' || room) USING wanted;",
        "'cases_cited_by_' || room)\n"
        f"                USING CASE room WHEN 'below' THEN wanted ELSE {_MATTERS.format('wanted')} END;",
    ),
    rows=(
        "'case_rows_in_' || room) USING cases, named;",
        "'case_rows_in_' || room)\n"
        f"            USING CASE room WHEN 'below' THEN cases ELSE {_MATTERS.format('cases')} END, named;",
    ),
)

_WORD = "CASE WHEN {c} <> '' THEN " + EMPTIED + " ELSE {c} END"
_OWN = "CASE WHEN {c} <> '' THEN 'erased:' || {key}::text ELSE {c} END"
_NAME = "CASE WHEN {c} <> '' THEN " + NAME + " ELSE {c} END"
_EMPTIED = {
    "approvals_enablement": ("id", {"note": _WORD}),
    "approvals_request": ("id", {"scope": _WORD}),
    "assets_asset": ("id", {"label": _WORD}),
    "assets_account": (
        "asset_id",
        {"handle": _OWN, "mailbox": _WORD, "nickname": _WORD, "number": _WORD, "real_name": _NAME},
    ),
    "assets_account_change": ("id", {"after": _WORD, "before": _WORD}),
    "assets_number": ("asset_id", {"iccid": _WORD, "number": _OWN}),
    "assets_group": ("asset_id", {"name": _WORD}),
    "assets_group_member": ("id", {"external_id": _OWN}),
}
EMPTYING_BELOW = changed(
    again(EMPTYING_BEFORE),
    end=(
        "\n$$;\n",
        "".join(  # noqa: S608 - our own names
            f"\n    UPDATE {table} SET {', '.join(f'{c} = {how.format(c=c, key=key)}' for c, how in said.items())}"
            f" WHERE {key} = ANY (gone);"
            for table, (key, said) in _EMPTIED.items()
        )
        + "\n$$;\n",
    ),
)

# What may be due of a class is looked for where the class is, and by numbers instead of days.
_DUE_BEFORE = KEPT_BEFORE[KEPT_BEFORE.index("CREATE FUNCTION archive_cases_due") :]
DUE = changed(
    again(_DUE_BEFORE),
    kinds=(
        "WHERE m.closed_on < before AND (",
        "WHERE m.closed_on < before AND code NOT IN ('assessment', 'register')\n"
        "            AND (code <> 'matter' OR m.kind IN ('请求', '泄露', '事件')) AND (",
    ),
    steps=("archive_day(s.claimed_at) < before AND (", "s.claimed_at < archive_midnight(before) AND ("),
    leaves=("archive_day(l.begins) < before", "l.begins < archive_midnight(before)"),
    more=(
        f"            AND l.kind NOT IN ({EMPTIED}, '销假', '离岗')\n    )",
        f"""            AND l.kind NOT IN ({EMPTIED}, '销假', '离岗')
        UNION ALL
        SELECT e.id FROM approvals_enablement e LEFT JOIN approvals_revocation v ON v.enablement_id = e.id
            WHERE code = 'assessment' AND e.from_day < before
                AND (e.note NOT IN ('', {EMPTIED}) OR v.reason NOT IN ('', {EMPTIED}))
        UNION ALL
        SELECT q.id FROM approvals_request q LEFT JOIN approvals_decision d ON d.request_id = q.id
            LEFT JOIN approvals_revocation v ON v.request_id = q.id
            WHERE code = 'matter' AND q.opened_at < archive_midnight(before) AND (q.reason NOT IN ('', {EMPTIED})
                OR d.reason NOT IN ('', {EMPTIED}) OR v.reason NOT IN ('', {EMPTIED}))
        UNION ALL
        SELECT d.id FROM duties_duty d WHERE code = 'matter' AND d.matter IS NULL
            AND d.state IN ('已履行', '不再适用') AND d.text NOT IN ('', {EMPTIED})
        UNION ALL
        SELECT a.id FROM assets_asset a WHERE code = 'register' AND a.label NOT IN ('', {EMPTIED}) AND (
            EXISTS (SELECT FROM assets_account c WHERE c.asset_id = a.id AND c.state = '停用')
            OR EXISTS (SELECT FROM assets_number n WHERE n.asset_id = a.id
                AND n.rests_until < archive_midnight(before))
            OR EXISTS (SELECT FROM assets_group g WHERE g.asset_id = a.id))
    )""",  # noqa: S608 - a word of ours
    ),
)

# How many cases of a class are due, how many of these something keeps, and how many rows the others have: three
# questions whose answers are thousands of ids, of which nobody wants to see one.
STATE = """
CREATE FUNCTION archive_cases_state(code text, before date, most integer, policy integer, today date)
RETURNS TABLE (due bigint, held bigint, rows bigint)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH found AS MATERIALIZED (
        SELECT d."case" AS id FROM archive_cases_due(code, before, most) d
    ), kept AS MATERIALIZED (
        SELECT DISTINCT k."case" AS id
            FROM archive_cases_kept((SELECT array_agg(f.id) FROM found f), archive_cases_state.policy, today) k
    )
    SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM kept), (
        SELECT count(*) FROM (SELECT DISTINCT r.tab, r.id FROM archive_case_rows((
            SELECT array_agg(f.id) FROM found f WHERE f.id NOT IN (SELECT k.id FROM kept k)), '{}') r) one)
$$;
"""

SHRED = changed(
    again(SHRED_BEFORE),
    codes=(
        "r.code IN ('handover', 'dispute', 'consent')",
        "r.code IN ('handover', 'dispute', 'consent', 'matter', 'register', 'assessment')",
    ),
)

# Rows of rooms above that say something of a person and are no case: his room tells which, and empties them.
PEOPLE = """
CREATE FUNCTION archive_register_rows(person uuid) RETURNS TABLE (tab text, id uuid)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    IF to_regprocedure('register_rows_in_succession(uuid)') IS NOT NULL THEN
        RETURN QUERY EXECUTE 'SELECT * FROM register_rows_in_succession($1)' USING person;
    END IF;
END $$;
"""
REGISTERS_BEFORE = _REGISTERS
REGISTERS = changed(
    again(REGISTERS_BEFORE),
    whose=(
        "            ELSE g.id::uuid = whom END)",
        "            WHEN 'succession_customer_need' THEN\n"
        "                (g.tab, g.id::uuid) IN (SELECT r.tab, r.id FROM archive_register_rows(whom) r)\n"
        "            ELSE g.id::uuid = whom END)",
    ),
    empties=(
        "    WITH going AS MATERIALIZED (SELECT * FROM archive_named(parts)), identities AS (",
        "    IF EXISTS (SELECT FROM archive_named(parts) g WHERE g.tab = 'succession_customer_need') THEN\n"
        "        EXECUTE 'SELECT register_rows_emptied_in_succession($1)' USING (\n"
        "            SELECT array_agg(DISTINCT g.id::uuid) FROM archive_named(parts) g\n"
        "            WHERE g.tab = 'succession_customer_need');\n"
        "    END IF;\n"
        "    WITH going AS MATERIALIZED (SELECT * FROM archive_named(parts)), identities AS (",
    ),
)

# Members of a group are in a person's register and in the group's own: the intent says of which.
PARTS = changed(
    PARTS_BEFORE,
    standing=("'access_credential', 'assets_group_member']", "'access_credential', 'succession_customer_need']"),
    declared=(
        "    sorted record;\nBEGIN\n",
        "    sorted record;\nBEGIN\n"
        "    IF EXISTS (SELECT FROM ledger_part p JOIN archive_shred s ON s.id::text = p.row_id\n"
        "        WHERE p.log = in_log AND p.entry = in_entry & 1099511627775 AND p.row_table = 'archive_shred'\n"
        "            AND s.scope = '人及登记') THEN\n"
        "        standing := standing || 'assets_group_member'::text;\n"
        "    END IF;\n",
    ),
    rooms=("IN ('approvals', 'consent',", "IN ('approvals', 'assets', 'consent',"),
)

CREATED = "\n".join(
    (
        ALONE, CONSENTS, ASSETS, MONTHS, PLATFORMS, CITED_BELOW, ROWS_BELOW, ROOMS, EMPTYING_BELOW, DUE, STATE,
        SHRED, PEOPLE, REGISTERS, PARTS,
    )
)  # fmt: skip
UNDO = (
    "\n".join(
        (
            PARTS_BEFORE, again(REGISTERS_BEFORE), again(SHRED_BEFORE), again(_DUE_BEFORE), again(EMPTYING_BEFORE),
            again(ROOMS_BEFORE), again(ROWS_BEFORE), again(CITED_BEFORE), again(PLATFORMS_BEFORE), MONTHS_BEFORE,
        )
    )
    + """
DROP FUNCTION archive_cases_state(text, date, integer, integer, date), archive_register_rows(uuid),
    archive_approvals_alone(uuid[]), cases_cited_by_assets(uuid[]), cases_cited_by_consents(uuid[]);
"""
)  # fmt: skip

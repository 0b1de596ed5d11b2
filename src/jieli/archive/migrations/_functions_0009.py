"""SQL of the ninth migration: when a case is over, and how a plan empties its rows (ADR 30).

A case is a matter, with all rows of all rooms that stand under it; of the consent room each row is one by itself. As
with papers (the seventh migration) rooms below the archive are asked here, and each room above has functions of its
own: `cases_cited_by_<room>` says what a case is for, `case_rows_in_<room>` which rows it has, and
`case_rows_emptied_in_<room>` empties them. A room without its first function keeps every case.
"""

from jieli.archive.migrations._case_words_0009 import EMPTIED, emptying, listing

# A leaving's class is that of its papers; a dispute's outcome may be carried out by force for two years. Matters of
# other kinds are no class. A duty that is still to be done keeps its matter open, whatever its day of closing says.
CITED_BELOW = """
CREATE FUNCTION cases_cited_by_below(wanted uuid[])
RETURNS TABLE ("case" uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT m.id, k.class, CASE WHEN EXISTS (SELECT FROM duties_duty d WHERE d.matter = m.id AND d.state = '待办')
            THEN NULL ELSE (m.closed_on + make_interval(months => k.more))::date END, p.person, m.number
        FROM matters_matter m
        JOIN (VALUES ('离职', 'handover', 0), ('争议', 'dispute', 24)) AS k(kind, class, more) ON k.kind = m.kind
        LEFT JOIN matters_person p ON p.matter_id = m.id WHERE m.id = ANY (wanted)
    UNION ALL
    SELECT c.id, 'consent', CASE WHEN e.ended IS NULL OR archive_rests_on(c.subject) THEN NULL ELSE e.ended END,
        c.subject, '告知与同意'
        FROM (SELECT k.id, k.subject, (SELECT archive_day(min(w.claimed_at)) FROM consent_step w
                WHERE w.subject = k.subject AND w.means = k.means AND w.scope = k.scope AND w.step = '撤回'
                    AND w.claimed_at >= k.claimed_at) AS withdrawn
                FROM consent_step k WHERE k.subject IS NOT NULL
            UNION ALL SELECT d.id, d.staff_id, NULL FROM consent_document d
            UNION ALL SELECT l.id, l.staff_id, NULL FROM consent_leave l) c
        CROSS JOIN LATERAL (SELECT coalesce(c.withdrawn, archive_relation_ended(c.subject)) AS ended OFFSET 0) e
        WHERE c.id = ANY (wanted)
    UNION ALL
    SELECT o.id, 'consent', o.since, o.customer, '平台所记的同意' FROM cases_cited_by_platforms(wanted) o
$$;
"""

# What a platform told names somebody by its own id only, and all that it told of one id goes together: a withdrawal
# that outlived its consent, or the other way round, would say something that nobody said. Whoever bears the id in our
# register is a customer still, and his agreement in force. Where nobody does any more, he may be one who was erased:
# nobody can tell which, so the months run from the last erasure of anybody of that platform.
PLATFORMS = """
CREATE FUNCTION cases_cited_by_platforms(wanted uuid[]) RETURNS TABLE (id uuid, since date, customer uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH said AS MATERIALIZED (
        SELECT DISTINCT s.platform, s.external_id FROM consent_step s WHERE s.id = ANY (wanted) AND s.subject IS NULL
    ), steps AS MATERIALIZED (
        SELECT s.id, s.platform, s.external_id, max(s.claimed_at) OVER one AS last,
            max(s.claimed_at) FILTER (WHERE s.step = '同意') OVER line AS yes,
            max(s.claimed_at) FILTER (WHERE s.step IN ('不同意', '撤回')) OVER line AS no,
            'J' || translate(rtrim(encode(uuid_send(s.id), 'base64'), '='), '+/', '-_') AS cell
            FROM consent_step s JOIN said USING (platform, external_id) WHERE s.subject IS NULL
            WINDOW one AS (PARTITION BY s.platform, s.external_id),
                line AS (PARTITION BY s.platform, s.external_id, s.means, s.scope, s.towards)
    ), grounds AS MATERIALIZED (
        SELECT DISTINCT CASE WHEN c.text ~ '^[0-9a-f]{8}-' THEN c.text ELSE substr(c.text, n.at, 23) END AS cell
            FROM archive_basis b CROSS JOIN LATERAL unnest(b.rows) AS c(text)
            CROSS JOIN LATERAL generate_series(1, length(c.text), 23) AS n(at)
            WHERE b.shredded_in IS NULL AND EXISTS (SELECT FROM steps)
    ), told AS MATERIALIZED (
        SELECT s.id, s.platform, s.external_id, s.last, bool_or(s.yes > coalesce(s.no, -1)) OVER one AS agrees,
            bool_or(s.cell IN (SELECT g.cell FROM grounds g) OR s.id::text IN (SELECT g.cell FROM grounds g))
                OVER one AS needed
            FROM steps s WINDOW one AS (PARTITION BY s.platform, s.external_id)
    ), erased AS MATERIALIZED (
        SELECT g.platform, archive_day(max(d.at)) AS day FROM parties_customer_identity g
            JOIN archive_shred d ON d.target = g.customer_id::text AND d.scope = '人及登记'
            WHERE g.shredded_in IS NOT NULL GROUP BY g.platform
    )
    SELECT t.id, CASE WHEN t.needed THEN NULL
            WHEN i.customer_id IS NULL THEN greatest(archive_day(t.last), (
                SELECT e.day FROM erased e WHERE e.platform = t.platform))
            WHEN t.agrees OR archive_rests_on(i.customer_id) THEN NULL ELSE archive_day(t.last) END, i.customer_id
        FROM told t LEFT JOIN parties_customer_identity i
            ON i.platform = t.platform AND i.external_id = t.external_id AND i.shredded_in IS NULL
        WHERE t.id = ANY (wanted)
$$;
"""

ROWS_BELOW = listing(
    "below",
    {
        "matters_matter": "=> r.id",
        "duties_duty": "JOIN matters_matter m ON m.id = r.matter AND r.state IN ('已履行', '不再适用') => r.matter",
        "approvals_request": "JOIN matters_matter m ON m.id = r.subject => r.subject",
        "approvals_decision": "JOIN approvals_request q ON q.id = r.request_id"
        " JOIN matters_matter m ON m.id = q.subject => q.subject",
        "approvals_revocation": "JOIN approvals_request q ON q.id = r.request_id"
        " JOIN matters_matter m ON m.id = q.subject => q.subject",
        "consent_document": "=> r.id",
        "consent_leave": "=> r.id",
        "consent_step": "=> r.id",
    },
)
EMPTYING_BELOW = emptying(
    "below",
    {
        "matters_matter": {"title": "always"},
        "duties_duty": {"note": "word", "reason": "word", "text": "word"},
        "approvals_request": {"reason": "word"},
        "approvals_decision": {"reason": "word"},
        "approvals_revocation": {"reason": "word"},
        "consent_document": {"title": "own"},
        "consent_leave": {"kind": "leave"},
        "consent_step": {"external_id": "own", "exhibit": "nothing", "reply": "word"},
    },
)

# All rooms in one answer. The list of rooms is the archive's: one that is not there keeps every case.
ROOMS = """
CREATE FUNCTION archive_cases_cited(wanted uuid[])
RETURNS TABLE ("case" uuid, class text, since date, person uuid, what text)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    room text;
BEGIN
    FOREACH room IN ARRAY ARRAY['below', 'succession', 'handover', 'evidence'] LOOP
        IF to_regprocedure('cases_cited_by_' || room || '(uuid[])') IS NULL THEN
            RETURN QUERY SELECT w.id, NULL::text, NULL::date, NULL::uuid, '未能询问 ' || room
                FROM unnest(wanted) AS w(id);
        ELSE
            RETURN QUERY EXECUTE format('SELECT * FROM %I($1)', 'cases_cited_by_' || room) USING wanted;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION archive_case_rows(cases uuid[], named uuid[]) RETURNS TABLE ("case" uuid, tab text, id uuid)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    room text;
BEGIN
    FOREACH room IN ARRAY ARRAY['below', 'succession', 'handover', 'evidence'] LOOP
        CONTINUE WHEN to_regprocedure('case_rows_in_' || room || '(uuid[],uuid[])') IS NULL;
        RETURN QUERY EXECUTE format('SELECT * FROM %I($1, $2)', 'case_rows_in_' || room) USING cases, named;
    END LOOP;
END $$;
"""

# What keeps cases, as `archive_papers_kept` has it of papers: the one place that decides, for page, plan, certificate
# and shred function. A duty that went on binding when its case was emptied is due with the next plan once it has
# fallen away.
KEPT = f"""
CREATE FUNCTION archive_cases_kept(wanted uuid[], policy integer, today date)
RETURNS TABLE ("case" uuid, kind text, class text, what text, until date)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH cited AS MATERIALIZED (
        SELECT * FROM archive_cases_cited(wanted)
    ), terms AS MATERIALIZED (
        SELECT c."case", c.class, c.what, (c.since + make_interval(months => m.months))::date AS until
        FROM cited c LEFT JOIN archive_class_months(archive_cases_kept.policy) m ON m.class = c.class
        WHERE c.since IS NOT NULL
    )
    SELECT w.id, '未登记', NULL::text, NULL::text, NULL::date FROM unnest(wanted) AS w(id)
        WHERE w.id NOT IN (SELECT c."case" FROM cited c)
    UNION
    SELECT c."case", '未结', c.class, c.what, NULL FROM cited c WHERE c.since IS NULL
    UNION
    SELECT t."case", '期限', t.class, t.what, t.until FROM terms t WHERE (t.until < today) IS NOT TRUE
    UNION
    SELECT c."case", h.scope, NULL, h.ground, NULL FROM cited c JOIN archive_hold h ON h.target = c.person::text
        WHERE h.scope IN ('人', '时效') AND NOT EXISTS (SELECT FROM archive_hold_release r WHERE r.hold_id = h.id)
    ORDER BY 1, 2, 3, 4, 5
$$;

CREATE FUNCTION archive_cases_due(code text, before date, most integer) RETURNS TABLE ("case" uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH living AS (
        SELECT m.id FROM matters_matter m WHERE m.closed_on < before AND (m.title IS DISTINCT FROM {EMPTIED}
            OR EXISTS (SELECT FROM duties_duty d WHERE d.matter = m.id AND d.state IN ('已履行', '不再适用')
                AND d.text NOT IN ('', {EMPTIED})))
        UNION ALL
        SELECT s.id FROM consent_step s WHERE code = 'consent' AND archive_day(s.claimed_at) < before AND (
            s.external_id NOT IN ('', 'erased:' || s.id::text) OR s.reply NOT IN ('', {EMPTIED})
            OR s.exhibit IS NOT NULL)
        UNION ALL
        SELECT d.id FROM consent_document d WHERE code = 'consent' AND d.signed_on < before
            AND d.title NOT IN ('', 'erased:' || d.id::text)
        UNION ALL
        SELECT l.id FROM consent_leave l WHERE code = 'consent' AND archive_day(l.begins) < before
            AND l.kind NOT IN ({EMPTIED}, '销假', '离岗')
    )
    SELECT c."case" FROM archive_cases_cited((SELECT array_agg(l.id) FROM living l)) c
        WHERE c.class = code GROUP BY c."case" HAVING bool_and(coalesce(c.since < before, false))
        ORDER BY max(c.since), c."case" LIMIT most
$$;
"""  # noqa: S608 - a word of ours

# Only under a plan of a class that cases are of, only rows of cases of that class, and never while anything keeps one
# of them by the policy of the plan on the day of the intent. Whatever keeps one since then stops it as a hold does.
SHRED = """
CREATE FUNCTION archive_shred_cases(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    place bigint := ((in_log - 1)::bigint << 40) + (in_entry & 1099511627775);
    plan record;
    wanted uuid[];
    rows uuid[];
    room text;
BEGIN
    SELECT array_agg(DISTINCT g.id::uuid) INTO rows FROM archive_named(parts) g;
    IF rows IS NULL THEN
        RETURN;
    END IF;
    SELECT r.code, r.policy, archive_day(s.at) AS today INTO plan
        FROM ledger_part p JOIN archive_shred s ON s.id::text = p.row_id
        JOIN archive_retention_plan r ON r.id = s.id
        WHERE p.log = in_log AND p.entry = in_entry & 1099511627775 AND p.row_table = 'archive_shred'
            AND s.scope = '类别' AND r.code IN ('handover', 'dispute', 'consent');
    IF NOT FOUND OR EXISTS (
        SELECT FROM archive_named(parts) g
            WHERE (g.tab, g.id::uuid) NOT IN (SELECT c.tab, c.id FROM archive_case_rows('{}', rows) c)
    ) THEN
        RAISE EXCEPTION 'archive.not_ours' USING ERRCODE = 'JL002';
    END IF;
    SELECT array_agg(DISTINCT c."case") INTO wanted FROM archive_case_rows('{}', rows) c;
    IF EXISTS (
        SELECT FROM unnest(wanted) AS w(id)
            WHERE w.id NOT IN (SELECT c."case" FROM archive_cases_cited(wanted) c WHERE c.class = plan.code)
    ) THEN
        RAISE EXCEPTION 'archive.not_ours' USING ERRCODE = 'JL002';
    END IF;
    IF EXISTS (SELECT FROM archive_cases_kept(wanted, plan.policy, plan.today)) THEN
        RAISE EXCEPTION 'archive.held' USING ERRCODE = 'JL001';
    END IF;
    FOREACH room IN ARRAY ARRAY['below', 'succession', 'handover', 'evidence'] LOOP
        EXECUTE format('SELECT %I($1)', 'case_rows_emptied_in_' || room) USING rows;
    END LOOP;
    UPDATE ledger_part p SET salt = NULL, body = NULL, shredded_in = place
        FROM archive_named(parts) g WHERE p.log = g.log AND p.entry = g.entry AND p.n = g.n;
END $$;
REVOKE ALL ON FUNCTION archive_shred_cases(smallint, bigint, jsonb) FROM PUBLIC;
"""

# As the seventh migration has it, and what is none of those but of a room with cases. What nobody knows is refused by
# the function for the archive's own, as before.
PARTS = """
CREATE OR REPLACE FUNCTION archive_shred_parts(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    standing text[] := ARRAY['parties_staff', 'parties_customer', 'parties_customer_identity', 'access_user',
        'access_credential', 'assets_group_member'];
    papers text[] := ARRAY['papers_paper', 'papers_answer', 'papers_signature', 'papers_refusal', 'papers_delivery',
        'papers_delivery_result', 'papers_seal_use'];
    sorted record;
BEGIN
    WITH w AS (
        SELECT o.pair, CASE WHEN p.row_table = ANY (standing) THEN 'standing'
                WHEN p.row_table = ANY (papers) THEN 'papers'
                WHEN p.row_table = 'reading_opening' THEN 'openings'
                WHEN split_part(p.row_table, '_', 1) IN ('approvals', 'consent', 'duties', 'evidence', 'handover',
                    'matters', 'succession') THEN 'cases' ELSE 'archived' END AS whose
        FROM jsonb_array_elements(parts) AS o(pair)
        LEFT JOIN ledger_part p ON p.log = ((o.pair ->> 0)::bigint >> 40) + 1
            AND p.entry = (o.pair ->> 0)::bigint & 1099511627775 AND p.n = (o.pair ->> 1)::integer
    )
    SELECT coalesce(jsonb_agg(w.pair) FILTER (WHERE w.whose = 'standing'), '[]') AS registers,
        coalesce(jsonb_agg(w.pair) FILTER (WHERE w.whose = 'openings'), '[]') AS openings,
        coalesce(jsonb_agg(w.pair) FILTER (WHERE w.whose = 'papers'), '[]') AS filed,
        coalesce(jsonb_agg(w.pair) FILTER (WHERE w.whose = 'cases'), '[]') AS cases,
        coalesce(jsonb_agg(w.pair) FILTER (WHERE w.whose = 'archived'), '[]') AS archived
        INTO sorted FROM w;
    PERFORM archive_shred_archived(in_log, in_entry, sorted.archived);
    IF jsonb_array_length(sorted.registers) > 0 THEN
        PERFORM archive_shred_registers(in_log, in_entry, sorted.registers);
    END IF;
    IF jsonb_array_length(sorted.openings) > 0 THEN
        PERFORM archive_shred_openings(in_log, in_entry, sorted.openings);
    END IF;
    IF jsonb_array_length(sorted.filed) > 0 THEN
        PERFORM archive_shred_papers(in_log, in_entry, sorted.filed);
    END IF;
    IF jsonb_array_length(sorted.cases) > 0 THEN
        PERFORM archive_shred_cases(in_log, in_entry, sorted.cases);
    END IF;
END $$;
"""

CREATED = "\n".join((PLATFORMS, CITED_BELOW, ROWS_BELOW, EMPTYING_BELOW, ROOMS, KEPT, SHRED))

UNDO = """
DROP FUNCTION archive_shred_cases(smallint, bigint, jsonb), archive_cases_due(text, date, integer),
    archive_cases_kept(uuid[], integer, date), archive_case_rows(uuid[], uuid[]), archive_cases_cited(uuid[]),
    case_rows_emptied_in_below(uuid[]), case_rows_in_below(uuid[], uuid[]), cases_cited_by_below(uuid[]),
    cases_cited_by_platforms(uuid[]);
"""

"""SQL of the seventh migration: when a paper may go, and how a plan empties it (ADR 28).

A paper is cited by rows of several rooms. Each room tells of its own rows: those below the archive are asked here, each
room above has a function `papers_cited_by_<room>` of its own in a migration of its own. A room that must be asked and
has no such function keeps every paper: nobody can say that it does not need it.

A citation is (paper, class, since, person, what). `since` is the day from which its class's months run; NULL where
something is still open. `what` says in a word whose it is: a matter's number, or what keeps it open.
"""

# A day is China's. `archive_later` is NULL where one of the days is: greatest() would forget it.
DAYS = """
CREATE FUNCTION archive_day(ms bigint) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT (to_timestamp(ms / 1000) AT TIME ZONE 'Asia/Shanghai')::date
$$;

CREATE FUNCTION archive_midnight(day date) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT (extract(epoch FROM day::timestamp AT TIME ZONE 'Asia/Shanghai') * 1000)::bigint
$$;

CREATE FUNCTION archive_later(VARIADIC days date[]) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN bool_or(d IS NULL) THEN NULL ELSE max(d) END FROM unnest(days) AS one(d)
$$;
"""

# The day on which the relation with somebody ended: he left, or was erased from the registers. NULL: it goes on, or
# nobody knows him. And whether anything that was recorded about him is still kept: then what proves it lawful stays.
PEOPLE = """
CREATE FUNCTION archive_relation_ended(person uuid) RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT s.left_on FROM parties_staff s WHERE s.id = archive_relation_ended.person
    UNION ALL
    SELECT archive_day(max(d.at)) FROM parties_customer c
        JOIN archive_shred d ON d.target = c.id::text AND d.scope = '人及登记'
        WHERE c.id = archive_relation_ended.person AND c.shredded_in IS NOT NULL HAVING count(*) > 0
    LIMIT 1
$$;

CREATE FUNCTION archive_rests_on(person uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM archive_basis b WHERE b.speaker = archive_rests_on.person AND b.shredded_in IS NULL)
        OR EXISTS (SELECT FROM archive_basis b WHERE b.holder = archive_rests_on.person AND b.shredded_in IS NULL)
$$;
"""

# The months of each class that papers may be of: the policy's, never below what an article prescribes. Version 0 are
# the defaults of `retention.json`; a test holds the two against each other.
MONTHS = """
CREATE FUNCTION archive_class_months(policy integer) RETURNS TABLE (class text, months integer)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT d.code, greatest(d.least, coalesce((
            SELECT (p.months::jsonb ->> d.code)::integer FROM archive_retention_policy p
            WHERE p.version = archive_class_months.policy), d.usual))
        FROM (VALUES ('contract', 24, 24), ('handover', 24, 12), ('assessment', 36, 36), ('consent', 36, 36),
            ('dispute', 12, 12)) AS d(code, usual, least)
$$;
"""

# What rooms below the archive cite. An enablement's papers (影响评估) prove everything lawful that was recorded while
# it held; a settled dispute may be carried out by force for two years, and its months run from then.
BELOW = """
CREATE FUNCTION archive_papers_cited_below(wanted uuid[])
RETURNS TABLE (paper uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT g.paper, 'contract', CASE WHEN u.staff IS NULL THEN archive_day(g.ends_at)
            ELSE archive_later(archive_day(g.ends_at), archive_relation_ended(u.staff)) END, u.staff, '授权'
        FROM access_grant g JOIN access_user u ON u.id = g.user_id WHERE g.paper = ANY (wanted)
    UNION ALL
    SELECT d.paper, CASE m.kind WHEN '争议' THEN 'dispute' ELSE 'handover' END,
        CASE WHEN m.id IS NOT NULL THEN archive_later(d.decided_on, m.closed_on)
            WHEN v.revoked_at IS NOT NULL THEN archive_day(v.revoked_at) ELSE archive_day(r.expires_at) END,
        NULL::uuid, coalesce(m.number, '审批')
        FROM approvals_decision d JOIN approvals_request r ON r.id = d.request_id
        LEFT JOIN matters_matter m ON m.id = r.subject
        LEFT JOIN approvals_revocation v ON v.request_id = r.id WHERE d.paper = ANY (wanted)
    UNION ALL
    SELECT (p.value ->> 'paper')::uuid, 'assessment', CASE WHEN NOT EXISTS (
                SELECT FROM archive_item i WHERE i.shredded_in IS NULL
                    AND i.event_at >= archive_midnight(e.from_day)
                    AND i.event_at < archive_midnight(coalesce(archive_day(v.revoked_at), e.until) + 1))
            THEN coalesce(archive_day(v.revoked_at), e.until) END, NULL::uuid, '启用：' || e.what
        FROM approvals_enablement e CROSS JOIN LATERAL jsonb_array_elements(e.papers) p
        LEFT JOIN approvals_revocation v ON v.enablement_id = e.id WHERE (p.value ->> 'paper')::uuid = ANY (wanted)
    UNION ALL
    SELECT c.permission, 'handover', CASE WHEN c.changed_by_id IS NULL THEN archive_day(c.changed_at)
            ELSE archive_later(archive_day(c.changed_at), archive_relation_ended(c.changed_by_id)) END,
        c.changed_by_id, '账号变更' FROM assets_account_change c WHERE c.permission = ANY (wanted)
    UNION ALL
    SELECT a.paper, 'consent', CASE WHEN NOT archive_rests_on(a.staff_id)
            THEN archive_relation_ended(a.staff_id) END, a.staff_id, '工作账号确认'
        FROM assets_acknowledgement a WHERE a.paper = ANY (wanted)
    UNION ALL
    SELECT h.paper, 'handover', CASE WHEN h.staff_id IS NULL THEN archive_day(h.ends)
            ELSE archive_later(archive_day(h.ends), archive_relation_ended(h.staff_id)) END, h.staff_id, '持有与控制'
        FROM (SELECT paper, staff_id, (extract(epoch FROM upper(during)) * 1000)::bigint AS ends FROM assets_holding
            UNION ALL
            SELECT paper, staff_id, (extract(epoch FROM upper(during)) * 1000)::bigint FROM assets_control) h
        WHERE h.paper = ANY (wanted)
    UNION ALL
    SELECT d.paper, CASE m.kind WHEN '争议' THEN 'dispute' ELSE 'handover' END,
        CASE WHEN m.kind = '争议' THEN (archive_later(d.done_on, m.closed_on) + interval '24 months')::date
            WHEN d.matter IS NOT NULL THEN archive_later(d.done_on, m.closed_on)
            WHEN s.id IS NOT NULL THEN archive_later(d.done_on, s.left_on) ELSE d.done_on END,
        d.person, coalesce(m.number, '义务')
        FROM duties_duty d LEFT JOIN matters_matter m ON m.id = d.matter
        LEFT JOIN parties_staff s ON s.id = d.person WHERE d.paper = ANY (wanted)
    UNION ALL
    SELECT c.paper, 'consent', CASE WHEN NOT archive_rests_on(c.subject)
            THEN coalesce(c.withdrawn, archive_relation_ended(c.subject)) END, c.subject, '告知与同意'
        FROM (SELECT v.paper, v.subject, NULL::date AS withdrawn FROM consent_served v
            UNION ALL
            SELECT k.paper, k.subject, (SELECT archive_day(min(w.claimed_at)) FROM consent_step w
                WHERE w.subject = k.subject AND w.means = k.means AND w.scope = k.scope AND w.step = '撤回'
                    AND w.claimed_at >= k.claimed_at) FROM consent_step k
            UNION ALL
            SELECT d.paper, d.staff_id, NULL FROM consent_document d) c
        WHERE c.paper = ANY (wanted)
    UNION ALL
    SELECT d.paper, 'contract', archive_relation_ended(d.staff_id), d.staff_id, '劳动合同'
        FROM consent_document d WHERE d.kind = '劳动合同条款' AND d.paper = ANY (wanted)
$$;
"""

# All rooms that must be asked, in one answer. A scan or a proof belongs to the paper beside which it lies, and is
# needed as long as that one is.
CITED = """
CREATE FUNCTION archive_papers_cited_directly(wanted uuid[])
RETURNS TABLE (paper uuid, class text, since date, person uuid, what text)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    room text;
BEGIN
    RETURN QUERY SELECT * FROM archive_papers_cited_below(wanted);
    FOREACH room IN ARRAY ARRAY['succession', 'handover', 'evidence'] LOOP
        IF to_regprocedure('papers_cited_by_' || room || '(uuid[])') IS NULL THEN
            RETURN QUERY SELECT w.id, NULL::text, NULL::date, NULL::uuid, '未能询问 ' || room
                FROM unnest(wanted) AS w(id);
        ELSE
            RETURN QUERY EXECUTE format('SELECT paper, class, since, person, what FROM %I($1)',
                'papers_cited_by_' || room) USING wanted;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION archive_papers_cited(wanted uuid[])
RETURNS TABLE (paper uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH RECURSIVE beside(scan, host) AS (
        SELECT s.scan_id, s.paper_id FROM papers_signature s WHERE s.scan_id IS NOT NULL
        UNION ALL
        SELECT r.proof_id, r.paper_id FROM papers_refusal r WHERE r.proof_id IS NOT NULL
        UNION ALL
        SELECT r.proof_id, d.paper_id FROM papers_delivery_result r JOIN papers_delivery d ON d.id = r.delivery_id
            WHERE r.proof_id IS NOT NULL
    ), hosts(paper, host) AS (
        SELECT w.id, w.id FROM unnest(wanted) AS w(id)
        UNION
        SELECT h.paper, b.host FROM hosts h JOIN beside b ON b.scan = h.host
    ), direct AS MATERIALIZED (
        SELECT * FROM archive_papers_cited_directly((SELECT array_agg(DISTINCT host) FROM hosts))
    )
    SELECT h.paper, d.class, d.since, d.person, d.what FROM hosts h JOIN direct d ON d.paper = h.host
    UNION ALL
    SELECT h.paper, NULL, NULL, NULL, '所附文书没有登记用途' FROM hosts h
        WHERE h.host <> h.paper AND NOT EXISTS (SELECT FROM direct d WHERE d.paper = h.host)
$$;
"""

# What keeps papers, as (paper, kind, class, what, until): the one place that decides, for page, plan, certificate and
# shred function. A paper that no room cites is kept: nobody registered what it is for.
KEPT = """
CREATE FUNCTION archive_papers_kept(wanted uuid[], policy integer, today date)
RETURNS TABLE (paper uuid, kind text, class text, what text, until date)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH cited AS MATERIALIZED (
        SELECT * FROM archive_papers_cited(wanted)
    ), terms AS MATERIALIZED (
        SELECT c.paper, c.class, c.what, (c.since + make_interval(months => m.months))::date AS until
        FROM cited c LEFT JOIN archive_class_months(archive_papers_kept.policy) m ON m.class = c.class
        WHERE c.since IS NOT NULL
    ), people AS (
        SELECT c.paper, c.person FROM cited c
        UNION SELECT s.paper_id, s.signer FROM papers_signature s WHERE s.paper_id = ANY (wanted)
        UNION SELECT r.paper_id, r.refuser FROM papers_refusal r WHERE r.paper_id = ANY (wanted)
        UNION SELECT d.paper_id, d."to" FROM papers_delivery d WHERE d.paper_id = ANY (wanted)
    )
    SELECT w.id, '未登记', NULL::text, NULL::text, NULL::date FROM unnest(wanted) AS w(id)
        WHERE NOT EXISTS (SELECT FROM cited c WHERE c.paper = w.id)
    UNION
    SELECT c.paper, '未结', c.class, c.what, NULL FROM cited c WHERE c.since IS NULL
    UNION
    SELECT t.paper, '期限', t.class, t.what, t.until FROM terms t WHERE (t.until < today) IS NOT TRUE
    UNION
    SELECT p.paper, h.scope, NULL, h.ground, NULL FROM people p JOIN archive_hold h ON h.target = p.person::text
        WHERE h.scope IN ('人', '时效') AND NOT EXISTS (SELECT FROM archive_hold_release r WHERE r.hold_id = h.id)
    ORDER BY 1, 2, 3, 4, 5
$$;

CREATE FUNCTION archive_papers_due(code text, before date, most integer) RETURNS TABLE (paper uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT c.paper FROM archive_papers_cited((
        SELECT array_agg(k.paper_id) FROM papers_content k WHERE k.data IS NOT NULL)) c
        WHERE c.class = code GROUP BY c.paper HAVING bool_and(coalesce(c.since < before, false))
        ORDER BY max(c.since), c.paper LIMIT most
$$;
"""

# Only under a plan of a class of papers, only rows that belong to a paper that the intent names, and never while
# anything keeps one of them by the policy of the plan on the day of the intent. A paper that came to be needed since
# then stops the destruction as a hold does, and it goes on when that is over.
SHRED = """
CREATE FUNCTION archive_shred_papers(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    place bigint := ((in_log - 1)::bigint << 40) + (in_entry & 1099511627775);
    plan record;
    wanted uuid[];
BEGIN
    SELECT r.policy, archive_day(s.at) AS today INTO plan
        FROM ledger_part p JOIN archive_shred s ON s.id::text = p.row_id
        JOIN archive_retention_plan r ON r.id = s.id
        WHERE p.log = in_log AND p.entry = in_entry & 1099511627775 AND p.row_table = 'archive_shred'
            AND s.scope = '类别' AND r.code IN (SELECT m.class FROM archive_class_months(0) m);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'archive.not_ours' USING ERRCODE = 'JL002';
    END IF;
    SELECT array_agg(g.id::uuid) INTO wanted FROM archive_named(parts) g WHERE g.tab = 'papers_paper';
    IF EXISTS (
        SELECT FROM archive_named(parts) g WHERE (CASE g.tab
            WHEN 'papers_paper' THEN true
            WHEN 'papers_answer' THEN (SELECT a.paper_id FROM papers_answer a WHERE a.id = g.id::uuid) = ANY (wanted)
            WHEN 'papers_signature' THEN
                (SELECT s.paper_id FROM papers_signature s WHERE s.id = g.id::uuid) = ANY (wanted)
            WHEN 'papers_refusal' THEN (SELECT r.paper_id FROM papers_refusal r WHERE r.id = g.id::uuid) = ANY (wanted)
            WHEN 'papers_delivery' THEN
                (SELECT d.paper_id FROM papers_delivery d WHERE d.id = g.id::uuid) = ANY (wanted)
            WHEN 'papers_delivery_result' THEN (
                SELECT d.paper_id FROM papers_delivery_result r JOIN papers_delivery d ON d.id = r.delivery_id
                WHERE r.id = g.id::uuid) = ANY (wanted)
            WHEN 'papers_seal_use' THEN
                (SELECT u.paper_id FROM papers_seal_use u WHERE u.id = g.id::uuid) = ANY (wanted)
            END) IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'archive.not_ours' USING ERRCODE = 'JL002';
    END IF;
    IF EXISTS (SELECT FROM archive_papers_kept(wanted, plan.policy, plan.today)) THEN
        RAISE EXCEPTION 'archive.held' USING ERRCODE = 'JL001';
    END IF;
    UPDATE papers_content SET data = NULL WHERE paper_id = ANY (wanted);
    WITH going AS MATERIALIZED (SELECT * FROM archive_named(parts)), papers AS (
        UPDATE papers_paper SET title = NULL, sha256 = NULL, facts_digest = NULL
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'papers_paper')
    ), answers AS (
        UPDATE papers_answer SET who = 'erased:' || id::text
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'papers_answer')
    ), signatures AS (
        UPDATE papers_signature SET sha256 = NULL, signer = NULL, evidence = NULL, signer_name = '已删除的人'
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'papers_signature')
    ), refusals AS (
        UPDATE papers_refusal SET refuser = NULL, refuser_name = '已删除的人', reason = '',
            witnesses = ARRAY['已删除的人'] WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'papers_refusal')
    ), deliveries AS (
        UPDATE papers_delivery SET "to" = NULL, to_name = '已删除的人', address = '', number = 'erased:' || id::text
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'papers_delivery')
    ), results AS (
        UPDATE papers_delivery_result SET who = ''
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'papers_delivery_result')
    ), uses AS (
        UPDATE papers_seal_use SET handler = '已删除的人'
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'papers_seal_use')
    )
    UPDATE ledger_part p SET salt = NULL, body = NULL, shredded_in = place
        FROM going g WHERE p.log = g.log AND p.entry = g.entry AND p.n = g.n;
END $$;
REVOKE ALL ON FUNCTION archive_shred_papers(smallint, bigint, jsonb) FROM PUBLIC;
"""

# As the fifth migration has it, and papers beside registers and openings.
PARTS = """
CREATE OR REPLACE FUNCTION archive_shred_parts(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    standing text[] := ARRAY['parties_staff', 'parties_customer', 'parties_customer_identity', 'access_user',
        'access_credential', 'assets_group_member'];
    papers text[] := ARRAY['papers_paper', 'papers_answer', 'papers_signature', 'papers_refusal', 'papers_delivery',
        'papers_delivery_result', 'papers_seal_use'];
    registers jsonb;
    openings jsonb;
    filed jsonb;
    archived jsonb;
BEGIN
    SELECT coalesce(jsonb_agg(w.pair) FILTER (WHERE p.row_table = ANY (standing)), '[]'),
        coalesce(jsonb_agg(w.pair) FILTER (WHERE p.row_table = 'reading_opening'), '[]'),
        coalesce(jsonb_agg(w.pair) FILTER (WHERE p.row_table = ANY (papers)), '[]'),
        coalesce(jsonb_agg(w.pair) FILTER (
            WHERE (p.row_table = ANY (standing || papers || ARRAY['reading_opening'])) IS NOT TRUE), '[]')
        INTO registers, openings, filed, archived
        FROM jsonb_array_elements(parts) AS w(pair)
        LEFT JOIN ledger_part p ON p.log = ((w.pair ->> 0)::bigint >> 40) + 1
            AND p.entry = (w.pair ->> 0)::bigint & 1099511627775 AND p.n = (w.pair ->> 1)::integer;
    PERFORM archive_shred_archived(in_log, in_entry, archived);
    IF jsonb_array_length(registers) > 0 THEN
        PERFORM archive_shred_registers(in_log, in_entry, registers);
    END IF;
    IF jsonb_array_length(openings) > 0 THEN
        PERFORM archive_shred_openings(in_log, in_entry, openings);
    END IF;
    IF jsonb_array_length(filed) > 0 THEN
        PERFORM archive_shred_papers(in_log, in_entry, filed);
    END IF;
END $$;
"""

CREATED = "\n".join((DAYS, PEOPLE, MONTHS, BELOW, CITED, KEPT, SHRED))

UNDO = """
DROP FUNCTION archive_shred_papers(smallint, bigint, jsonb), archive_papers_due(text, date, integer),
    archive_papers_kept(uuid[], integer, date), archive_papers_cited(uuid[]), archive_papers_cited_directly(uuid[]),
    archive_papers_cited_below(uuid[]), archive_class_months(integer), archive_rests_on(uuid),
    archive_relation_ended(uuid), archive_later(date[]), archive_midnight(date), archive_day(bigint);
"""

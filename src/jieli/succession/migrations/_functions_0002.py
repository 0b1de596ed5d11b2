"""SQL of the second migration: which papers handing customers on cites, as the archive asks (ADR 28)."""

# A rule is in force until the next one is, and while a plan under it is open. What a customer said is kept as consents
# are; that he chose freely to go on with the former employee also as long as papers of the leaving.
CITED = """
CREATE FUNCTION papers_cited_by_succession(wanted uuid[])
RETURNS TABLE (paper uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT r.paper, 'handover', CASE WHEN NOT EXISTS (
                SELECT FROM succession_plan p JOIN matters_matter m ON m.id = p.matter_id
                WHERE p.rule_id = r.id AND m.closed_on IS NULL)
            THEN (SELECT min(n.effective_from) FROM succession_rule n WHERE n.version > r.version) END,
        NULL::uuid, '分配规则' FROM succession_rule r WHERE r.paper = ANY (wanted)
    UNION ALL
    SELECT t.paper, 'handover', archive_later(t.valid_until, archive_relation_ended(t.staff_id)), t.staff_id, '培训'
        FROM succession_training t WHERE t.paper = ANY (wanted)
    UNION ALL
    SELECT c.paper, 'handover', archive_relation_ended(c.staff_id), c.staff_id, '隐私保护承诺'
        FROM succession_commitment c WHERE c.paper = ANY (wanted)
    UNION ALL
    SELECT s.paper, 'consent', CASE WHEN NOT archive_rests_on(s.customer_id)
            THEN archive_relation_ended(s.customer_id) END, s.customer_id, '客户的意愿'
        FROM (SELECT paper, customer_id FROM succession_customer_wish
            UNION ALL SELECT paper, customer_id FROM succession_customer_consent) s WHERE s.paper = ANY (wanted)
    UNION ALL
    SELECT v.paper, k.class, archive_later(archive_day(v.stated_at), m.closed_on), k.person, m.number
        FROM succession_voluntary_choice v JOIN succession_plan p ON p.id = v.plan_id
        JOIN matters_matter m ON m.id = p.matter_id
        CROSS JOIN LATERAL (VALUES ('handover', v.former), ('consent', v.customer)) AS k(class, person)
        WHERE v.paper = ANY (wanted)
$$;
"""

UNDO = "DROP FUNCTION papers_cited_by_succession(uuid[]);"

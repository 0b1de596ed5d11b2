"""SQL of the second migration: which papers leavings cite, as the archive asks before it lets one go (ADR 28)."""

# A paper of a leaving is needed until the case and its matter are closed. The certificate of the end of employment is
# a text of the contract too (LCL-50). A rule for accounts is in force until the next one is, and as long as a leaving
# that began under it goes on.
CITED = """
CREATE FUNCTION papers_cited_by_handover(wanted uuid[])
RETURNS TABLE (paper uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH cited(paper, case_id) AS MATERIALIZED (
        SELECT x.paper, x.case_id FROM (
            SELECT paper, case_id FROM handover_case_paper
            UNION SELECT paper, case_id FROM handover_handed
            UNION SELECT paper, case_id FROM handover_settlement
            UNION SELECT proof, case_id FROM handover_attempt
            UNION SELECT paper, case_id FROM handover_follow_up
            UNION SELECT paper, case_id FROM handover_step
            UNION SELECT paper, case_id FROM handover_number_leave
            UNION SELECT proof, case_id FROM handover_private_item
        ) x WHERE x.paper = ANY (wanted)
    )
    SELECT x.paper, k.class, CASE WHEN c.closed_on IS NOT NULL AND m.closed_on IS NOT NULL
            THEN greatest(c.closed_on, m.closed_on, c.last_day) END, c.staff_id, m.number
        FROM cited x JOIN handover_case c ON c.id = x.case_id JOIN matters_matter m ON m.id = c.matter_id
        JOIN papers_paper p ON p.id = x.paper
        CROSS JOIN LATERAL (SELECT 'handover' AS class
            UNION ALL SELECT 'contract' WHERE p.kind = '解除（终止）劳动合同证明书') k
    UNION ALL
    SELECT r.paper, 'handover', CASE WHEN NOT EXISTS (
                SELECT FROM handover_case c WHERE c.closed_on IS NULL AND c.notice_on >= r.from_day)
            THEN (SELECT min(n.from_day) FROM handover_policy n WHERE n.from_day > r.from_day) END,
        NULL::uuid, '账号管理制度' FROM handover_policy r WHERE r.paper = ANY (wanted)
$$;
"""

UNDO = "DROP FUNCTION papers_cited_by_handover(uuid[]);"

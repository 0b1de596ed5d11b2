"""SQL of the fourth migration: which papers disputes cite, as the archive asks before it lets one go (ADR 28)."""

# A dispute's papers are needed until it and its matter are closed and no term of its settlement is left to be done;
# then two years more, in which its outcome may be carried out by force, and from there the months of the class run.
CITED = """
CREATE FUNCTION papers_cited_by_evidence(wanted uuid[])
RETURNS TABLE (paper uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH cited(paper, dispute_id) AS MATERIALIZED (
        SELECT x.paper, x.dispute_id FROM (
            SELECT closing_paper AS paper, id AS dispute_id FROM evidence_dispute
            UNION SELECT paper, dispute_id FROM evidence_exhibit
            UNION SELECT paper, dispute_id FROM evidence_outcome
            UNION SELECT paper, dispute_id FROM evidence_settlement
            UNION SELECT paper, dispute_id FROM evidence_follow_up
        ) x WHERE x.paper = ANY (wanted)
    )
    SELECT x.paper, 'dispute', CASE WHEN m.closed_on IS NOT NULL AND d.closed_on IS NOT NULL AND NOT EXISTS (
                SELECT FROM evidence_settlement s JOIN evidence_term t ON t.settlement_id = s.id
                JOIN duties_duty u ON u.id = t.duty WHERE s.dispute_id = d.id AND u.state = '待办')
            THEN (greatest(d.closed_on, m.closed_on) + interval '24 months')::date END, p.person, m.number
        FROM cited x JOIN evidence_dispute d ON d.id = x.dispute_id JOIN matters_matter m ON m.id = d.matter
        CROSS JOIN LATERAL (
            SELECT d.staff AS person UNION SELECT n.person FROM matters_person n WHERE n.matter_id = m.id) p
$$;
"""

UNDO = "DROP FUNCTION papers_cited_by_evidence(uuid[]);"

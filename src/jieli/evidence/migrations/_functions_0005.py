"""SQL of the fifth migration: of which cases disputes are, and which of their words go with one (ADR 30)."""

from jieli.archive.migrations._case_words_0009 import emptying, listing
from jieli.archive.migrations._case_words_0009 import undo as _undo

# As its papers (ADR 28): closed, no term of its settlement left to be done, and two years more.
CITED = """
CREATE FUNCTION cases_cited_by_evidence(wanted uuid[])
RETURNS TABLE ("case" uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT d.matter, 'dispute', CASE WHEN m.closed_on IS NOT NULL AND d.closed_on IS NOT NULL AND NOT EXISTS (
                SELECT FROM evidence_settlement s JOIN evidence_term t ON t.settlement_id = s.id
                JOIN duties_duty u ON u.id = t.duty WHERE s.dispute_id = d.id AND u.state = '待办')
            THEN (greatest(d.closed_on, m.closed_on) + interval '24 months')::date END, p.person, m.number
        FROM evidence_dispute d JOIN matters_matter m ON m.id = d.matter
        CROSS JOIN LATERAL (
            SELECT d.staff AS person UNION SELECT n.person FROM matters_person n WHERE n.matter_id = m.id) p
        WHERE d.matter = ANY (wanted)
$$;
"""

_OF = "JOIN evidence_dispute d ON d.id = r.dispute_id => d.matter"
ROWS = listing(
    "evidence",
    {
        "evidence_dispute": "=> r.matter",
        "evidence_relief": _OF,
        "evidence_exhibit": _OF,
        "evidence_fact": _OF,
        "evidence_amount": _OF,
        "evidence_defence": _OF,
        "evidence_lost_customer": _OF,
        "evidence_outcome": _OF,
        "evidence_assessment": _OF,
        "evidence_settlement": _OF,
        "evidence_follow_up": _OF,
        "evidence_term": f"JOIN evidence_settlement s ON s.id = r.settlement_id {_OF.replace('r.', 's.')}",
    },
)
EMPTYING = emptying(
    "evidence",
    {
        "evidence_dispute": {"account_label": "word", "person_label": "name"},
        "evidence_relief": {"text": "word"},
        "evidence_exhibit": {"grounds": "word", "proves": "word"},
        "evidence_fact": {"note": "word", "value": "answer"},
        "evidence_amount": {"what": "word"},
        "evidence_defence": {"text": "word"},
        "evidence_lost_customer": {"customer": "own", "withdrawn": "word"},
        "evidence_outcome": {"text": "word"},
        "evidence_assessment": {"verdict": "verdict"},
        "evidence_settlement": {"mediator": "name"},
        "evidence_follow_up": {"note": "word", "visitor": "name"},
        "evidence_term": {"action": "word", "proof": "word"},
    },
)

CREATED, UNDO = CITED + ROWS + EMPTYING, _undo("evidence")

"""SQL of the third migration: of which cases leavings are, and which of their words go with one (ADR 30)."""

from jieli.archive.migrations._case_words_0009 import emptying, listing
from jieli.archive.migrations._case_words_0009 import undo as _undo

# As its papers (ADR 28): needed until case and matter are closed and the last day is over.
CITED = """
CREATE FUNCTION cases_cited_by_handover(wanted uuid[])
RETURNS TABLE ("case" uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT c.matter_id, 'handover', CASE WHEN c.closed_on IS NOT NULL AND m.closed_on IS NOT NULL
            THEN greatest(c.closed_on, m.closed_on, c.last_day) END, p.person, m.number
        FROM handover_case c JOIN matters_matter m ON m.id = c.matter_id
        CROSS JOIN LATERAL (
            SELECT c.staff_id AS person
            UNION SELECT q.customer_id FROM handover_promise q WHERE q.case_id = c.id) p
        WHERE c.matter_id = ANY (wanted)
$$;
"""

_OF = "JOIN handover_case c ON c.id = r.case_id => c.matter_id"
ROWS = listing(
    "handover",
    {
        "handover_case": "=> r.matter_id",
        "handover_snapshot_line": _OF,
        "handover_handed": _OF,
        "handover_unable": _OF,
        "handover_commission": _OF,
        "handover_settlement": _OF,
        "handover_promise": _OF,
        "handover_objection": _OF,
        "handover_attempt": _OF,
        "handover_follow_up": _OF,
        "handover_step": _OF,
        "handover_private_item": _OF,
        "handover_data_recovery": _OF,
        "handover_binding": f"JOIN handover_number_leave n ON n.id = r.leave_id {_OF.replace('r.', 'n.')}",
    },
)
EMPTYING = emptying(
    "handover",
    {
        "handover_case": {"note": "word"},
        "handover_snapshot_line": {"key": "own", "label": "word"},
        "handover_handed": {"key": "own"},
        "handover_unable": {"key": "own", "reason": "word"},
        "handover_commission": {"company_text": "word", "staff_text": "word"},
        "handover_settlement": {"company_text": "word", "staff_text": "word"},
        "handover_promise": {"answer_text": "word", "text": "word"},
        "handover_objection": {"answer": "word", "text": "word"},
        "handover_attempt": {"how": "word", "outcome": "word", "witnesses": "names"},
        "handover_follow_up": {"visitor": "name", "who": "name"},
        "handover_step": {"reason": "word"},
        "handover_private_item": {"counterparty": "word", "label": "own", "place": "word", "present": "names"},
        "handover_data_recovery": {"purpose": "word", "witnesses": "names"},
        "handover_binding": {"name": "own"},
    },
)

CREATED, UNDO = CITED + ROWS + EMPTYING, _undo("handover")

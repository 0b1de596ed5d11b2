"""SQL of the third migration: of which cases handing customers on is, and which of its words go with one (ADR 30)."""

from jieli.archive.migrations._case_words_0009 import emptying, listing
from jieli.archive.migrations._case_words_0009 import undo as _undo

# A plan is of its matter, and whoever is handed on by it is concerned. What a customer said himself is kept as consents
# are, and so are the rows beside it: a complaint has a matter of its own, which must be closed too.
CITED = """
CREATE FUNCTION cases_cited_by_succession(wanted uuid[])
RETURNS TABLE ("case" uuid, class text, since date, person uuid, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT p.matter_id, 'handover', m.closed_on, w.person, m.number
        FROM succession_plan p JOIN matters_matter m ON m.id = p.matter_id
        CROSS JOIN LATERAL (
            SELECT p.leaver_id AS person
            UNION SELECT a.customer_id FROM succession_assignment a WHERE a.plan_id = p.id) w
        WHERE p.matter_id = ANY (wanted)
    UNION ALL
    SELECT p.matter_id, 'consent', archive_later(archive_day(s.at), m.closed_on, s.closed_on), s.customer, m.number
        FROM succession_plan p JOIN matters_matter m ON m.id = p.matter_id
        JOIN (SELECT v.plan_id, v.customer, v.stated_at AS at, archive_day(v.stated_at) AS closed_on
                FROM succession_voluntary_choice v
            UNION ALL
            SELECT c.plan_id, c.customer, c.made_at, o.closed_on FROM succession_complaint c
                JOIN matters_matter o ON o.id = c.matter) s ON s.plan_id = p.id
        WHERE p.matter_id = ANY (wanted)
$$;
"""

_OF = "JOIN succession_plan p ON p.id = r.plan_id => p.matter_id"
_ASKED = "JOIN succession_plan p ON p.id = {}.subject => p.matter_id"
ROWS = listing(
    "succession",
    {
        "succession_plan": "=> r.matter_id",
        "succession_override": f"JOIN succession_assignment a ON a.id = r.assignment_id {_OF.replace('r.', 'a.')}",
        "succession_submission": _OF,
        "succession_submission_item": _OF,
        "succession_voluntary_choice": _OF,
        "succession_complaint": _OF,
        "succession_proposal": _OF,
        "approvals_request": _ASKED.format("r"),
        "approvals_decision": f"JOIN approvals_request q ON q.id = r.request_id {_ASKED.format('q')}",
        "approvals_revocation": f"JOIN approvals_request q ON q.id = r.request_id {_ASKED.format('q')}",
    },
)
EMPTYING = emptying(
    "succession",
    {
        "succession_plan": {
            "alternative": "word", "business_need": "word", "privacy_impact": "word", "void_reason": "word"
        },
        "succession_override": {"reason": "word"},
        "succession_submission": {"handover": "name", "message": "word", "takeover": "name"},
        "succession_submission_item": {"external": "own", "handover": "name", "takeover": "name"},
        "succession_voluntary_choice": {"words": "word"},
        "succession_complaint": {"words": "word"},
        "succession_proposal": {"reason": "word"},
    },
)  # fmt: skip

CREATED, UNDO = CITED + ROWS + EMPTYING, _undo("succession")

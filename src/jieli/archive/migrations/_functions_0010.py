"""SQL of the tenth migration: papers are locked before it is asked who cites them (ADR 28).

The tables of rooms below the archive are watched here; each room above watches its own.
"""

from jieli.archive.migrations._functions_0007 import SHRED as BEFORE

#: Every column of the rooms below that names a paper.
BELOW = {
    "access_grant": ("paper",),
    "approvals_decision": ("paper",),
    "approvals_enablement": ("papers",),
    "assets_account_change": ("permission",),
    "assets_acknowledgement": ("paper",),
    "assets_control": ("paper",),
    "assets_holding": ("paper",),
    "consent_document": ("paper",),
    "consent_served": ("paper",),
    "consent_step": ("paper",),
    "duties_duty": ("paper",),
}

_ASKED = "    IF EXISTS (SELECT FROM archive_papers_kept(wanted, plan.policy, plan.today)) THEN"
# And those beside which they lie: whoever cites one of these needs the scan too. Somebody who is citing one in this
# moment counts as somebody who needs it; nobody is waited for, so that nobody can wait in a ring.
_LOCKED = """    BEGIN
        PERFORM FROM papers_paper p WHERE p.id IN (
            WITH RECURSIVE hosts(host) AS (
                SELECT unnest(wanted)
                UNION
                SELECT b.host FROM hosts h JOIN (
                    SELECT s.scan_id AS scan, s.paper_id AS host FROM papers_signature s
                    UNION ALL
                    SELECT r.proof_id, r.paper_id FROM papers_refusal r
                    UNION ALL
                    SELECT r.proof_id, d.paper_id FROM papers_delivery_result r
                        JOIN papers_delivery d ON d.id = r.delivery_id
                ) b ON b.scan = h.host
            ) SELECT host FROM hosts
        ) ORDER BY p.id FOR UPDATE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        RAISE EXCEPTION 'archive.held' USING ERRCODE = 'JL001';
    END;
"""


def _changed(sql: str, old: str, new: str) -> str:
    if sql.count(old) != 1:
        raise ValueError("the earlier definition is not the one that this one changes")
    return sql.replace(old, new)


UNDO = _changed(BEFORE, "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
SHRED = _changed(UNDO, _ASKED, _LOCKED + _ASKED)

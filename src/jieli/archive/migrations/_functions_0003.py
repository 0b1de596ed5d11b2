"""SQL of the third migration: a destruction empties media with their items, and none comes to an item that is going.

`archive_shred_parts` of `_functions_0002` is replaced by name; what it does to bases and conversations stands there.
Parts of media are named by the intent as theirs are, and emptied once their item is.
"""

from jieli.archive.migrations._functions_0002 import PARTS as BEFORE


def _changed(sql: str, old: str, new: str) -> str:
    if sql.count(old) != 1:
        raise ValueError("the earlier definition is not the one that this one changes")
    return sql.replace(old, new)


PARTS = _changed(
    BEFORE,
    "('archive_basis', 'archive_conversation')) IS NOT TRUE",
    "('archive_basis', 'archive_conversation', 'archive_media')) IS NOT TRUE",
)
# A cast for each kind of key: that of the others must never be tried on it.
PARTS = _changed(
    PARTS,
    "p.row_id::bigint AS id FROM",
    "CASE WHEN p.row_table <> 'archive_media' THEN p.row_id::bigint END AS id,"
    " CASE WHEN p.row_table = 'archive_media' THEN p.row_id::uuid END AS file FROM",
)
PARTS = _changed(
    PARTS,
    "        RETURNING c.id\n    )\n",
    """        RETURNING c.id
    ), files AS (
        UPDATE archive_media m SET name = NULL, root = NULL, sha256 = NULL, shredded_in = in_entry
        FROM named w WHERE m.id = w.file AND NOT EXISTS (
            SELECT FROM archive_item i WHERE i.item_id = m.item AND i.shredded_in IS NULL)
        RETURNING m.id
    )
""",
)
PARTS = _changed(
    PARTS,
    "(w.row_table = 'archive_conversation' AND w.id IN (SELECT id FROM talks)))",
    "(w.row_table = 'archive_conversation' AND w.id IN (SELECT id FROM talks))\n"
    "                OR w.file IN (SELECT id FROM files))",
)

# The lock makes a file and a destruction of its item wait for each other; each statement sees what the other did.
ASKS = """
CREATE FUNCTION archive_media_asks() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(27241, 2);
    IF EXISTS (
        SELECT FROM fresh f WHERE NOT EXISTS (
            SELECT FROM archive_item i WHERE i.item_id = f.item AND i.shredded_in IS NULL)
        OR EXISTS (SELECT FROM archive_tombstone t WHERE t.item_id = f.item)
    ) THEN
        RAISE EXCEPTION 'archive.media_no_item' USING ERRCODE = 'JL004';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER archive_media_asks AFTER INSERT ON archive_media
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION archive_media_asks();
"""

UNDO_ASKS = """
DROP TRIGGER archive_media_asks ON archive_media;
DROP FUNCTION archive_media_asks();
"""

"""SQL of the third migration: a destruction empties media with their items, and none comes to an item that is going.

`archive_shred` of `_functions_0001` is replaced by name; what it does to items stands there as before.
"""

from jieli.archive.migrations._functions_0001 import SHRED as SHRED_BEFORE

_EMPTIED = "    GET DIAGNOSTICS emptied = ROW_COUNT;\n"
_MEDIA = """    WITH gone AS (
        UPDATE archive_media m SET name = NULL, root = NULL, sha256 = NULL, shredded_in = named.entry
            FROM archive_tombstone t
            WHERE t.shred_id = intent AND m.item = t.item_id AND m.shredded_in IS NULL
            RETURNING m.id
    )
    UPDATE ledger_part p SET salt = NULL, body = NULL, shredded_in = named.entry
        FROM gone g WHERE p.log = named.log AND p.row_table = 'archive_media' AND p.row_id = g.id::text;
"""
_FIRST = SHRED_BEFORE[: SHRED_BEFORE.index("CREATE FUNCTION archive_shred_parts")]
BEFORE = _FIRST.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
SHRED = BEFORE.replace(_EMPTIED, _EMPTIED + _MEDIA)

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

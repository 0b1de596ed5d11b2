"""SQL of the fourth migration: whoever cites a paper and whoever empties it see each other (ADR 28).

A row that names a paper locks the paper's row before it asks whether the paper is still there; the shred role's
function locks the same rows before it asks who cites them. So whoever comes second sees the first: the citation is
refused, or the emptying is, as by a hold. The emptying never waits for a citation under way, so the two cannot wait
for each other; it is taken up again later.

A paper that is in no register at all is not asked for here: rooms say so themselves.
"""

from collections.abc import Iterable, Mapping

#: What a table's columns say: an id; a list of objects that each name a `paper`; the delivery of a paper.
NAMED = """
CREATE FUNCTION papers_named(fields jsonb, columns text[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT (CASE jsonb_typeof(one) WHEN 'object' THEN one ->> 'paper' WHEN 'string' THEN one #>> '{}' END)::uuid
        FROM unnest(columns) AS c(name) CROSS JOIN LATERAL jsonb_path_query(fields -> c.name, '$[*]') AS one
        WHERE c.name <> 'delivery_id' AND jsonb_typeof(one) IN ('object', 'string')
    UNION
    SELECT d.paper_id FROM papers_delivery d
        WHERE 'delivery_id' = ANY (columns) AND d.id = (fields ->> 'delivery_id')::uuid
$$;
"""

# FOR KEY SHARE is what a foreign key takes: citations do not wait for each other. The lock is asked for first and the
# state in a statement of its own, which sees what was committed while it waited. As the owner, for no other role may
# lock a row of an append-only table.
JUDGE = """
CREATE FUNCTION papers_cite() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wanted uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT n.paper) INTO wanted
            FROM fresh f CROSS JOIN LATERAL papers_named(to_jsonb(f), TG_ARGV) AS n(paper);
    ELSE
        SELECT array_agg(DISTINCT e.paper) INTO wanted FROM (
            SELECT to_jsonb(f) ->> 'id', n.paper
                FROM fresh f CROSS JOIN LATERAL papers_named(to_jsonb(f), TG_ARGV) AS n(paper)
            EXCEPT
            SELECT to_jsonb(s) ->> 'id', n.paper
                FROM stale s CROSS JOIN LATERAL papers_named(to_jsonb(s), TG_ARGV) AS n(paper)
        ) AS e(id, paper);
    END IF;
    IF wanted IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM papers_paper p WHERE p.id = ANY (wanted) ORDER BY p.id FOR KEY SHARE;
    IF EXISTS (SELECT FROM papers_paper p WHERE p.id = ANY (wanted) AND p.sha256 IS NULL) THEN
        RAISE EXCEPTION 'papers.destroyed' USING ERRCODE = 'JL006';
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION papers_cite() FROM PUBLIC;
"""

UNDO = """
DROP FUNCTION papers_cite();
DROP FUNCTION papers_named(jsonb, text[]);
"""

#: Of this room: what stands beside a paper names it, and the scan or proof that belongs to it.
OWN = {
    "papers_answer": ("paper_id",),
    "papers_delivery": ("paper_id",),
    "papers_delivery_result": ("proof_id", "delivery_id"),
    "papers_refusal": ("paper_id", "proof_id"),
    "papers_seal_use": ("paper_id",),
    "papers_signature": ("paper_id", "scan_id"),
}


def watch(tables: Mapping[str, Iterable[str]]) -> str:
    """The judge put on tables, each with its columns that name papers; for the migrations of the rooms above."""
    return "\n".join(
        f"""
CREATE TRIGGER papers_cite AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION papers_cite({", ".join(f"'{name}'" for name in columns)});
CREATE TRIGGER papers_cite_again AFTER UPDATE ON {table} REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION papers_cite({", ".join(f"'{name}'" for name in columns)});
"""
        for table, columns in tables.items()
    )


def unwatch(tables: Iterable[str]) -> str:
    """The judge taken off again."""
    return "\n".join(
        f"DROP TRIGGER papers_cite_again ON {table};\nDROP TRIGGER papers_cite ON {table};" for table in tables
    )

"""The database's part of the bound on periods: `policy.MOST_MONTHS`, which a test holds against this."""

MONTHS = """
CREATE OR REPLACE FUNCTION archive_class_months(policy integer) RETURNS TABLE (class text, months integer)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT d.code, greatest(d.least, coalesce((
            SELECT least((p.months::jsonb ->> d.code)::numeric, 1200)::integer FROM archive_retention_policy p
            WHERE p.version = archive_class_months.policy), d.usual))
        FROM (VALUES ('contract', 24, 24), ('handover', 24, 12), ('assessment', 36, 36), ('consent', 36, 36),
            ('dispute', 12, 12)) AS d(code, usual, least)
$$;
"""

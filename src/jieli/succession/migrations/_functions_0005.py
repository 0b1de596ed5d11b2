"""SQL of the fifth migration: what a customer needs goes with his register when he is erased (ADR 26, ADR 33)."""

NEEDS = """
CREATE FUNCTION register_rows_in_succession(person uuid) RETURNS TABLE (tab text, id uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT 'succession_customer_need', n.id FROM succession_customer_need n
        WHERE n.customer_id = register_rows_in_succession.person
$$;

CREATE FUNCTION register_rows_emptied_in_succession(gone uuid[]) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    UPDATE succession_customer_need SET value = NULL WHERE id = ANY (gone);
$$;
REVOKE ALL ON FUNCTION register_rows_emptied_in_succession(uuid[]) FROM PUBLIC;

CREATE FUNCTION succession_need_asks() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.value IS NOT NULL AND EXISTS (
        SELECT FROM parties_customer c WHERE c.id = NEW.customer_id AND c.shredded_in IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'parties.erased' USING ERRCODE = 'JL005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER succession_need_asks BEFORE INSERT OR UPDATE ON succession_customer_need
    FOR EACH ROW EXECUTE FUNCTION succession_need_asks();
"""

UNDO = """
DROP TRIGGER succession_need_asks ON succession_customer_need;
DROP FUNCTION succession_need_asks(), register_rows_emptied_in_succession(uuid[]), register_rows_in_succession(uuid);
"""

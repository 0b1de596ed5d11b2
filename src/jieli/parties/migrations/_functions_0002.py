"""SQL of the second migration: what was emptied is written no more (ADR 26).

Only the shred role's function, which belongs to the archive, empties a row; it takes no row that is emptied already.
"""

STAYS = """
CREATE FUNCTION parties_stays_emptied() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'parties.erased' USING ERRCODE = 'JL005';
END $$;
CREATE TRIGGER parties_stays_emptied BEFORE UPDATE ON parties_staff
    FOR EACH ROW WHEN (OLD.shredded_in IS NOT NULL) EXECUTE FUNCTION parties_stays_emptied();
CREATE TRIGGER parties_stays_emptied BEFORE UPDATE ON parties_customer
    FOR EACH ROW WHEN (OLD.shredded_in IS NOT NULL) EXECUTE FUNCTION parties_stays_emptied();
CREATE TRIGGER parties_stays_emptied BEFORE UPDATE ON parties_customer_identity
    FOR EACH ROW WHEN (OLD.shredded_in IS NOT NULL) EXECUTE FUNCTION parties_stays_emptied();

CREATE FUNCTION parties_identity_asks() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM fresh f JOIN parties_customer c ON c.id = f.customer_id WHERE c.shredded_in IS NOT NULL
            AND f.shredded_in IS NULL
    ) THEN
        RAISE EXCEPTION 'parties.erased' USING ERRCODE = 'JL005';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER parties_identity_asks AFTER INSERT ON parties_customer_identity
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION parties_identity_asks();
CREATE TRIGGER parties_identity_asks_again AFTER UPDATE ON parties_customer_identity
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION parties_identity_asks();
"""

UNDO_STAYS = """
DROP TRIGGER parties_identity_asks_again ON parties_customer_identity;
DROP TRIGGER parties_identity_asks ON parties_customer_identity;
DROP FUNCTION parties_identity_asks();
DROP TRIGGER parties_stays_emptied ON parties_customer_identity;
DROP TRIGGER parties_stays_emptied ON parties_customer;
DROP TRIGGER parties_stays_emptied ON parties_staff;
DROP FUNCTION parties_stays_emptied();
"""

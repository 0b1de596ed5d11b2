"""SQL of the third migration: what a plan emptied is written no more (ADR 33)."""

# The shred function may come twice to the same row, after a crash: what changes nothing goes through.
STAYS = """
CREATE FUNCTION assets_stays_emptied() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF to_jsonb(NEW) = to_jsonb(OLD) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'assets.emptied' USING ERRCODE = 'JL005';
END $$;
CREATE TRIGGER assets_stays_emptied BEFORE UPDATE ON assets_asset
    FOR EACH ROW WHEN (OLD.label = '已依法清空') EXECUTE FUNCTION assets_stays_emptied();
CREATE TRIGGER assets_stays_emptied BEFORE UPDATE ON assets_account
    FOR EACH ROW WHEN (OLD.handle = 'erased:' || OLD.asset_id::text) EXECUTE FUNCTION assets_stays_emptied();
CREATE TRIGGER assets_stays_emptied BEFORE UPDATE ON assets_number
    FOR EACH ROW WHEN (OLD.number = 'erased:' || OLD.asset_id::text) EXECUTE FUNCTION assets_stays_emptied();
"""

UNDO_STAYS = """
DROP TRIGGER assets_stays_emptied ON assets_number;
DROP TRIGGER assets_stays_emptied ON assets_account;
DROP TRIGGER assets_stays_emptied ON assets_asset;
DROP FUNCTION assets_stays_emptied();
"""

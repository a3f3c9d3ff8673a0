-- The sync ledger -----------------------------------------------------------------------------------------------------

-- Upserts one ledger row per touched product, in id order so that two statements over the same products can't deadlock.
-- A product that is touched again in the same transaction keeps its version (xmin and the transaction's start are both
-- compared: xmin alone could be equal by chance after a restore or a wraparound).
-- `gone` is given by those who insert or delete the product itself. Everybody else leaves it null and the ledger's flag
-- alone: what they see of the product may be older than the ledger row for which they had to wait.
CREATE FUNCTION ledger_bump(ids uuid[], gone boolean DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO product_sync AS ledger (product_id, deleted, priority, bumped_at)
    SELECT touched.id,
           coalesce(gone, NOT EXISTS (SELECT FROM products WHERE products.id = touched.id)),
           coalesce(nullif(current_setting('catalog.sync_priority', true), ''), '0')::smallint,
           now()
    FROM (SELECT DISTINCT unnest(ids) AS id) AS touched
    ORDER BY touched.id
    ON CONFLICT (product_id) DO UPDATE SET
        version = ledger.version + 1,
        deleted = coalesce(gone, ledger.deleted),
        priority = CASE WHEN ledger.version > ledger.synced_version THEN least(ledger.priority, excluded.priority)
                        ELSE excluded.priority END,
        changed_at = CASE WHEN ledger.version > ledger.synced_version AND ledger.next_attempt_at IS NULL
                          THEN ledger.changed_at ELSE excluded.changed_at END,
        claimed_until = NULL,
        next_attempt_at = NULL,
        attempts = 0,
        bumped_at = excluded.bumped_at
    WHERE ledger.deleted <> gone
       OR ledger.bumped_at IS DISTINCT FROM excluded.bumped_at
       OR ledger.xmin <> pg_current_xact_id()::xid
$$;

CREATE FUNCTION products_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_bump((SELECT array_agg(id) FROM new_rows), false);
    RETURN NULL;
END $$;

CREATE FUNCTION products_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_bump((SELECT array_agg(id) FROM new_rows));
    RETURN NULL;
END $$;

CREATE FUNCTION products_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_bump((SELECT array_agg(id) FROM old_rows), true);
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_insert AFTER INSERT ON products REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_inserted();
CREATE TRIGGER ledger_update AFTER UPDATE ON products REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_updated();
CREATE TRIGGER ledger_delete AFTER DELETE ON products REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_deleted();

-- A product's id is its document's id: a changed one would leave the old document behind.
CREATE FUNCTION refuse_id_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the id of a product never changes (% to %): delete it and insert a new one', OLD.id, NEW.id
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER refuse_id_change BEFORE UPDATE OF id ON products
    FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION refuse_id_change();

-- Pictures and variants are part of their product's document.
CREATE FUNCTION children_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_bump((SELECT array_agg(product_id) FROM new_rows));
    RETURN NULL;
END $$;
CREATE FUNCTION children_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_bump((SELECT array_agg(product_id)
                         FROM (SELECT product_id FROM new_rows UNION SELECT product_id FROM old_rows) AS touched));
    RETURN NULL;
END $$;
CREATE FUNCTION children_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_bump((SELECT array_agg(product_id) FROM old_rows));
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_insert AFTER INSERT ON product_images REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION children_inserted();
CREATE TRIGGER ledger_update AFTER UPDATE ON product_images REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION children_updated();
CREATE TRIGGER ledger_delete AFTER DELETE ON product_images REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION children_deleted();
CREATE TRIGGER ledger_insert AFTER INSERT ON product_variants REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION children_inserted();
CREATE TRIGGER ledger_update AFTER UPDATE ON product_variants REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION children_updated();
CREATE TRIGGER ledger_delete AFTER DELETE ON product_variants REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION children_deleted();

-- TRUNCATE fires no row or delete trigger, so its products would stay in the index for ever.
CREATE FUNCTION refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE % would leave the search index behind: use DELETE', TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported';
END $$;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON products FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON product_images FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON product_variants FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON categories FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON brands FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON product_sync FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();

-- A product inserted again after its ledger row was deleted would start at version 1, which the index has already seen.
CREATE FUNCTION refuse_ledger_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of product_sync are permanent: they keep the versions of deleted products'
        USING ERRCODE = 'feature_not_supported';
END $$;
CREATE TRIGGER refuse_delete BEFORE DELETE ON product_sync
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_delete();

-- Derived columns -----------------------------------------------------------------------------------------------------

CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER set_updated_at BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION set_updated_at();

-- With variants, a product's price is the lowest of theirs and its inventory their sum. The products are locked in id
-- order before they are updated. Triggers fire in the order of their names: "derive_…" comes before "ledger_…", so that a
-- product's row is locked before its ledger row, as everywhere else. (The other way round, an update of a variant and one
-- of its product deadlocked.)
CREATE FUNCTION roll_up(touched uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM products WHERE id = ANY (touched) ORDER BY id FOR NO KEY UPDATE;
    UPDATE products SET price = sums.price, inventory = sums.inventory
    FROM (SELECT product_id, min(price) AS price, sum(inventory) AS inventory
          FROM product_variants WHERE product_id = ANY (touched) GROUP BY product_id) AS sums
    WHERE products.id = sums.product_id
      AND (products.price <> sums.price OR products.inventory <> sums.inventory);
END $$;
CREATE FUNCTION variants_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM roll_up((SELECT array_agg(DISTINCT product_id) FROM new_rows));
    INSERT INTO skus (sku, product_id, is_variant) SELECT sku, product_id, true FROM new_rows ORDER BY sku;
    RETURN NULL;
END $$;
CREATE FUNCTION variants_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM roll_up((SELECT array_agg(DISTINCT product_id)
                     FROM (SELECT product_id FROM new_rows UNION SELECT product_id FROM old_rows) AS touched));
    RETURN NULL;
END $$;
CREATE FUNCTION variants_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM skus USING old_rows WHERE skus.sku = old_rows.sku AND skus.is_variant;
    PERFORM roll_up((SELECT array_agg(DISTINCT product_id) FROM old_rows));
    RETURN NULL;
END $$;
CREATE TRIGGER derive_insert AFTER INSERT ON product_variants REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION variants_inserted();
CREATE TRIGGER derive_update AFTER UPDATE ON product_variants REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION variants_updated();
CREATE TRIGGER derive_delete AFTER DELETE ON product_variants REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION variants_deleted();

-- One namespace of skus -----------------------------------------------------------------------------------------------

CREATE FUNCTION product_skus_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO skus (sku, product_id, is_variant) SELECT sku, id, false FROM new_rows ORDER BY sku;
    RETURN NULL;
END $$;
CREATE TRIGGER skus_insert AFTER INSERT ON products REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION product_skus_inserted();

CREATE FUNCTION product_sku_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE skus SET sku = NEW.sku WHERE sku = OLD.sku;
    RETURN NULL;
END $$;
CREATE TRIGGER skus_update AFTER UPDATE OF sku ON products
    FOR EACH ROW WHEN (OLD.sku <> NEW.sku) EXECUTE FUNCTION product_sku_changed();

CREATE FUNCTION variant_sku_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE skus SET sku = NEW.sku, product_id = NEW.product_id WHERE sku = OLD.sku;
    RETURN NULL;
END $$;
CREATE TRIGGER skus_update AFTER UPDATE OF sku, product_id ON product_variants
    FOR EACH ROW WHEN (OLD.sku <> NEW.sku OR OLD.product_id <> NEW.product_id) EXECUTE FUNCTION variant_sku_changed();

-- Categories and brands -----------------------------------------------------------------------------------------------

-- The parent is locked against a rename or move, so that a child can't be inserted under a path that is going away.
CREATE FUNCTION derive_category() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent categories;
BEGIN
    NEW.updated_at := now();
    NEW.path := NEW.slug;
    NEW.names := ARRAY[NEW.name::text];
    NEW.ids := ARRAY[NEW.id];
    IF NEW.parent_id IS NOT NULL THEN
        SELECT * INTO parent FROM categories WHERE id = NEW.parent_id FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'category % does not exist', NEW.parent_id USING ERRCODE = 'foreign_key_violation',
                CONSTRAINT = 'fk_categories_parent_id_categories';
        END IF;
        IF NEW.id = ANY (parent.ids) THEN
            RAISE EXCEPTION 'a category can not be moved below itself' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'ck_categories_cycle';
        END IF;
        NEW.path := parent.path || '/' || NEW.slug;
        NEW.names := parent.names || NEW.name::text;
        NEW.ids := parent.ids || NEW.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER derive BEFORE INSERT OR UPDATE ON categories FOR EACH ROW EXECUTE FUNCTION derive_category();

CREATE FUNCTION derive_children() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE categories SET parent_id = NEW.id WHERE parent_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER derive_children AFTER UPDATE ON categories
    FOR EACH ROW WHEN (OLD.path <> NEW.path OR OLD.names <> NEW.names OR OLD.ids <> NEW.ids)
    EXECUTE FUNCTION derive_children();

-- The products of a renamed category are bumped later, in chunks: doing it here would hold all their locks.
CREATE FUNCTION categories_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fanout (kind, entity_id)
    SELECT 'category', new_rows.id FROM new_rows JOIN old_rows USING (id)
    WHERE (new_rows.path, new_rows.names, new_rows.ids) IS DISTINCT FROM (old_rows.path, old_rows.names, old_rows.ids)
    ORDER BY new_rows.id;
    RETURN NULL;
END $$;
CREATE TRIGGER fanout_update AFTER UPDATE ON categories REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION categories_updated();

CREATE FUNCTION brands_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fanout (kind, entity_id)
    SELECT 'brand', new_rows.id FROM new_rows JOIN old_rows USING (id)
    WHERE new_rows.name <> old_rows.name
    ORDER BY new_rows.id;
    RETURN NULL;
END $$;
CREATE TRIGGER fanout_update AFTER UPDATE ON brands REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION brands_updated();

-- Domain events -------------------------------------------------------------------------------------------------------

-- One INSERT for each statement that changes products, whoever makes it: one event of a kind per product. The triggers
-- are named "publish_…" so that they fire after "ledger_…": a product's ledger row is locked by then, and the numbers
-- that its events draw from the sequence are in the order in which its transactions commit.
--
-- A plan is kept for a whole session. One that was made for a statement over a single row must not join by nested loops
-- when the next statement changes thirty thousand, so the one that joins old and new rows turns these off. The plan
-- seems very dear then, which would have it compiled each time: 200 ms for every statement when tried.

-- Which values differ, by name, before and after. A description may be 50,000 characters and the cost is not for
-- everybody: these two are named among the changed ones, their values are left out.
CREATE FUNCTION event_changes(old jsonb, new jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object(
        'changed', jsonb_agg(after.key ORDER BY after.key),
        'old', coalesce(jsonb_object_agg(before.key, before.value) FILTER (WHERE shown), '{}'),
        'new', coalesce(jsonb_object_agg(after.key, after.value) FILTER (WHERE shown), '{}')
    )
    FROM jsonb_each(old) AS before JOIN jsonb_each(new) AS after USING (key)
    CROSS JOIN LATERAL (SELECT after.key NOT IN ('description', 'cost') AS shown) AS private
    WHERE before.value <> after.value
$$;

CREATE FUNCTION publish_products_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO domain_events (type, aggregate_id, data)
    SELECT 'ProductCreated', id, jsonb_build_object(
        'sku', sku, 'name', name, 'price', price::text, 'inventory', inventory, 'status', status,
        'brand_id', brand_id, 'category_id', category_id)
    FROM new_rows;
    RETURN NULL;
END $$;

-- A price and a stock have events of their own; everything else that a product is made of is told of by ProductUpdated.
CREATE FUNCTION publish_products_updated() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off SET jit = off AS $$
BEGIN
    INSERT INTO domain_events (type, aggregate_id, data)
    SELECT event.type, after.id, event.data
    FROM new_rows AS after JOIN old_rows AS before ON before.id = after.id
    CROSS JOIN LATERAL (VALUES
        ('ProductUpdated', CASE WHEN
            (after.sku, after.name, after.compare_at_price, after.cost, after.gtin, after.status, after.publish_from,
             after.publish_until, after.popularity, after.brand_id, after.category_id, after.attributes,
             after.description)
            IS DISTINCT FROM
            (before.sku, before.name, before.compare_at_price, before.cost, before.gtin, before.status,
             before.publish_from, before.publish_until, before.popularity, before.brand_id, before.category_id,
             before.attributes, before.description)
        THEN jsonb_build_object('sku', after.sku) || event_changes(
            jsonb_build_object(
                'sku', before.sku, 'name', before.name, 'compare_at_price', before.compare_at_price::text,
                'cost', before.cost, 'gtin', before.gtin, 'status', before.status,
                'publish_from', before.publish_from, 'publish_until', before.publish_until,
                'popularity', before.popularity, 'brand_id', before.brand_id, 'category_id', before.category_id,
                'attributes', before.attributes, 'description', before.description),
            jsonb_build_object(
                'sku', after.sku, 'name', after.name, 'compare_at_price', after.compare_at_price::text,
                'cost', after.cost, 'gtin', after.gtin, 'status', after.status,
                'publish_from', after.publish_from, 'publish_until', after.publish_until,
                'popularity', after.popularity, 'brand_id', after.brand_id, 'category_id', after.category_id,
                'attributes', after.attributes, 'description', after.description))
        END),
        ('PriceChanged', CASE WHEN after.price <> before.price
            THEN jsonb_build_object('sku', after.sku, 'old', before.price::text, 'new', after.price::text) END),
        ('StockChanged', CASE WHEN after.inventory <> before.inventory
            THEN jsonb_build_object('sku', after.sku, 'old', before.inventory, 'new', after.inventory) END)
    ) AS event (type, data)
    WHERE event.data IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION publish_products_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO domain_events (type, aggregate_id, data)
    SELECT 'ProductDeleted', id, jsonb_build_object('sku', sku, 'name', name, 'status', status)
    FROM old_rows;
    RETURN NULL;
END $$;

CREATE TRIGGER publish_insert AFTER INSERT ON products REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION publish_products_inserted();
CREATE TRIGGER publish_update AFTER UPDATE ON products REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION publish_products_updated();
CREATE TRIGGER publish_delete AFTER DELETE ON products REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION publish_products_deleted();

-- Pictures and variants are part of their product: ProductUpdated tells of those that were touched, as they were and as
-- they are. Nothing is told of the children of a product that this same transaction inserted (ProductCreated says that
-- it is new; xmin and the transaction's start are both compared, as in the ledger) or deleted (its row is gone before
-- theirs are). What a variant's price or stock does to its product's is an update of the product, with its own events.
CREATE FUNCTION publish_children(kind text, ids uuid[], befores jsonb[], afters jsonb[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO domain_events (type, aggregate_id, data)
    SELECT 'ProductUpdated', products.id, jsonb_build_object(
        'sku', products.sku,
        'changed', jsonb_build_array(kind),
        'old', jsonb_build_object(kind, coalesce(touched.before, '[]')),
        'new', jsonb_build_object(kind, coalesce(touched.after, '[]')))
    FROM unnest(ids, befores, afters) AS touched (id, before, after) JOIN products ON products.id = touched.id
    WHERE touched.before IS DISTINCT FROM touched.after
      AND NOT (products.created_at = now() AND products.xmin = pg_current_xact_id()::xid)
$$;

CREATE FUNCTION publish_images_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM publish_children('images', array_agg(product_id), NULL, array_agg(items))
    FROM (SELECT product_id, jsonb_agg(
              jsonb_build_object('id', id, 'url', url, 'alt', alt, 'position', position) ORDER BY id) AS items
          FROM new_rows GROUP BY product_id) AS touched HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE FUNCTION publish_images_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM publish_children('images', array_agg(product_id), array_agg(before), array_agg(after))
    FROM (SELECT product_id, jsonb_agg(item ORDER BY id) FILTER (WHERE NOT is_new) AS before,
                 jsonb_agg(item ORDER BY id) FILTER (WHERE is_new) AS after
          FROM (SELECT product_id, id, false AS is_new,
                       jsonb_build_object('id', id, 'url', url, 'alt', alt, 'position', position) AS item
                FROM old_rows
                UNION ALL
                SELECT product_id, id, true,
                       jsonb_build_object('id', id, 'url', url, 'alt', alt, 'position', position)
                FROM new_rows) AS items
          GROUP BY product_id) AS touched HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE FUNCTION publish_images_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM publish_children('images', array_agg(product_id), array_agg(items), NULL)
    FROM (SELECT product_id, jsonb_agg(
              jsonb_build_object('id', id, 'url', url, 'alt', alt, 'position', position) ORDER BY id) AS items
          FROM old_rows GROUP BY product_id) AS touched HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION publish_variants_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM publish_children('variants', array_agg(product_id), NULL, array_agg(items))
    FROM (SELECT product_id, jsonb_agg(
              jsonb_build_object('id', id, 'sku', sku, 'price', price::text, 'inventory', inventory, 'options', options)
              ORDER BY id) AS items
          FROM new_rows GROUP BY product_id) AS touched HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE FUNCTION publish_variants_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM publish_children('variants', array_agg(product_id), array_agg(before), array_agg(after))
    FROM (SELECT product_id, jsonb_agg(item ORDER BY id) FILTER (WHERE NOT is_new) AS before,
                 jsonb_agg(item ORDER BY id) FILTER (WHERE is_new) AS after
          FROM (SELECT product_id, id, false AS is_new,
                       jsonb_build_object('id', id, 'sku', sku, 'price', price::text,
                                          'inventory', inventory, 'options', options) AS item
                FROM old_rows
                UNION ALL
                SELECT product_id, id, true,
                       jsonb_build_object('id', id, 'sku', sku, 'price', price::text,
                                          'inventory', inventory, 'options', options)
                FROM new_rows) AS items
          GROUP BY product_id) AS touched HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE FUNCTION publish_variants_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM publish_children('variants', array_agg(product_id), array_agg(items), NULL)
    FROM (SELECT product_id, jsonb_agg(
              jsonb_build_object('id', id, 'sku', sku, 'price', price::text, 'inventory', inventory, 'options', options)
              ORDER BY id) AS items
          FROM old_rows GROUP BY product_id) AS touched HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER publish_insert AFTER INSERT ON product_images REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION publish_images_inserted();
CREATE TRIGGER publish_update AFTER UPDATE ON product_images REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION publish_images_updated();
CREATE TRIGGER publish_delete AFTER DELETE ON product_images REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION publish_images_deleted();
CREATE TRIGGER publish_insert AFTER INSERT ON product_variants REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION publish_variants_inserted();
CREATE TRIGGER publish_update AFTER UPDATE ON product_variants REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION publish_variants_updated();
CREATE TRIGGER publish_delete AFTER DELETE ON product_variants REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION publish_variants_deleted();

-- Append-only ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'domain_events is append-only: % of event % was refused', TG_OP, OLD.id
        USING ERRCODE = 'feature_not_supported';
END $$;
-- The relay gives an event its position, once. Nothing else about it ever changes.
CREATE TRIGGER refuse_update BEFORE UPDATE ON domain_events FOR EACH ROW
    WHEN (OLD.position IS NOT NULL OR NEW.position IS NULL
          OR (OLD.id, OLD.sequence, OLD.type, OLD.aggregate_id, OLD.occurred_at, OLD.data, OLD.schema_version)
             IS DISTINCT FROM
             (NEW.id, NEW.sequence, NEW.type, NEW.aggregate_id, NEW.occurred_at, NEW.data, NEW.schema_version))
    EXECUTE FUNCTION refuse_event_change();
-- The retention job says so in its transaction, and takes published events only.
CREATE TRIGGER refuse_delete BEFORE DELETE ON domain_events FOR EACH ROW
    WHEN (OLD.position IS NULL OR coalesce(current_setting('catalog.event_retention', true), '') <> 'on')
    EXECUTE FUNCTION refuse_event_change();

CREATE FUNCTION refuse_event_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'domain_events is append-only: TRUNCATE was refused' USING ERRCODE = 'feature_not_supported';
END $$;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON domain_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_truncate();

-- Nearly always every product that is bumped has its ledger row already, and a plain update of it is the cheaper half of
-- an upsert. Rows must be locked in id order, as everywhere else. So the planner may only loop over the sorted ids or,
-- where the ledger is tiny, over its primary key.
CREATE OR REPLACE FUNCTION ledger_bump(ids uuid[], gone boolean DEFAULT NULL) RETURNS void LANGUAGE plpgsql
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    urgency smallint := coalesce(nullif(current_setting('catalog.sync_priority', true), ''), '0')::smallint;
    bumped bigint;
BEGIN
    ids := ARRAY(SELECT DISTINCT id FROM unnest(ids) AS id ORDER BY id);
    IF gone IS NULL THEN
        UPDATE product_sync AS ledger SET
            version = ledger.version + 1,
            priority = CASE WHEN ledger.version > ledger.synced_version THEN least(ledger.priority, urgency)
                            ELSE urgency END,
            changed_at = CASE WHEN ledger.version > ledger.synced_version AND ledger.next_attempt_at IS NULL
                              THEN ledger.changed_at ELSE clock_timestamp() END,
            claimed_until = NULL,
            next_attempt_at = NULL,
            attempts = 0,
            bumped_at = now()
        FROM unnest(ids) AS id
        WHERE ledger.product_id = id
          AND (ledger.bumped_at IS DISTINCT FROM now() OR ledger.xmin <> pg_current_xact_id()::xid);
        GET DIAGNOSTICS bumped = ROW_COUNT;
        IF bumped = cardinality(ids) THEN
            RETURN;
        END IF;
        -- The others were bumped in this transaction before, or somebody loaded them past the triggers.
    END IF;
    INSERT INTO product_sync AS ledger (product_id, deleted, priority, bumped_at)
    SELECT id, coalesce(gone, false), urgency, now() FROM unnest(ids) AS id
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
       OR ledger.xmin <> pg_current_xact_id()::xid;
END $$;

-- As before, but each kind of event is a branch of its own: the expressions of VALUES that look at the row beside them
-- are compiled anew for every row, which took longer than all the rest.
CREATE OR REPLACE FUNCTION publish_products_updated() RETURNS trigger LANGUAGE plpgsql
    SET enable_nestloop = off SET jit = off AS $$
BEGIN
    INSERT INTO domain_events (type, aggregate_id, data)
    SELECT event.type, after.id, event.data
    FROM new_rows AS after JOIN old_rows AS before ON before.id = after.id
    CROSS JOIN LATERAL (
        SELECT 'ProductUpdated' AS type, jsonb_build_object('sku', after.sku) || event_changes(
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
                'attributes', after.attributes, 'description', after.description)) AS data
        WHERE (after.sku, after.name, after.compare_at_price, after.cost, after.gtin, after.status, after.publish_from,
               after.publish_until, after.popularity, after.brand_id, after.category_id, after.attributes,
               after.description)
              IS DISTINCT FROM
              (before.sku, before.name, before.compare_at_price, before.cost, before.gtin, before.status,
               before.publish_from, before.publish_until, before.popularity, before.brand_id, before.category_id,
               before.attributes, before.description)
        UNION ALL
        SELECT 'PriceChanged', jsonb_build_object('sku', after.sku, 'old', before.price::text, 'new', after.price::text)
        WHERE after.price <> before.price
        UNION ALL
        SELECT 'StockChanged', jsonb_build_object('sku', after.sku, 'old', before.inventory, 'new', after.inventory)
        WHERE after.inventory <> before.inventory
    ) AS event;
    RETURN NULL;
END $$;

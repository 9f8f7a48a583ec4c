-- What is usual stands in for what nobody said of a charge; who may ask to come first is said with a site's circuits.

CREATE TABLE stay_guess (                         -- made once, when one of both was said and the other was not
    session_id  uuid PRIMARY KEY REFERENCES session,
    departs_at  timestamptz,                      -- null: nothing is known to go by
    departs_by  text NOT NULL,                    -- own_habit, everybody or nothing
    energy_wh   bigint CHECK (energy_wh > 0),     -- of the whole session
    energy_by   text NOT NULL,
    made_at     timestamptz NOT NULL
);

INSERT INTO circuit_tree (site_id, version, tree, made_at, made_by, change)
SELECT kept.site_id, kept.version + 1,
       kept.tree || jsonb_build_object('lets_ask', true, 'version', kept.version + 1), now(), 'Laddverk',
       'Drivers may ask to come first.'
FROM plan_wish CROSS JOIN LATERAL (
    SELECT site_id, version, tree FROM circuit_tree WHERE circuit_tree.site_id = plan_wish.site_id
    ORDER BY version DESC LIMIT 1
) AS kept
WHERE plan_wish.lets_ask;

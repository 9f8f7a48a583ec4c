-- Between lines the order of phases of a one-phase outlet names other lines than it did where it is RTS, SRT or TSR: such
-- an outlet counts on all lines until somebody has looked. Trees are never changed: each gets a new version; those
-- before it stay as they were, for what was decided by them.

INSERT INTO circuit_tree (site_id, version, tree, made_at, made_by, change)
SELECT kept.site_id, kept.version + 1,
       kept.tree || jsonb_build_object('version', kept.version + 1, 'places', (
           SELECT jsonb_agg(
               CASE WHEN place @? '$ ? (@.phases == 1 && @.rotation like_regex "^(RTS|SRT|TSR)$")'
                    THEN place - 'is_rotation_known' ELSE place END ORDER BY number
           ) FROM jsonb_array_elements(kept.tree->'places') WITH ORDINALITY AS hung (place, number)
       )), now(), 'Laddverk',
       'Outlets of one phase are to be checked again: between lines, their order of phases names other lines now.'
FROM (SELECT DISTINCT ON (site_id) site_id, version, tree FROM circuit_tree ORDER BY site_id, version DESC) AS kept
WHERE kept.tree->>'wiring' = 'delta_230' AND kept.tree @?
    '$.places[*] ? (@.phases == 1 && @.is_rotation_known == true && @.rotation like_regex "^(RTS|SRT|TSR)$")';

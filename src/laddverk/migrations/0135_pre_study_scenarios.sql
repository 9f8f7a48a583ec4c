-- A study plays every option with more than one growth.

ALTER TABLE study_part ADD COLUMN scenario int NOT NULL DEFAULT 0,  -- 0: the growth that is reckoned with
    DROP CONSTRAINT study_part_pkey,
    ADD PRIMARY KEY (study_id, scenario, place, draw);

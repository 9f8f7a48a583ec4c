-- What chargers bend, counted, and how a station's boot is answered.

CREATE TABLE station_quirk (                        -- at most some hundreds for each station
    station_id  uuid NOT NULL,
    kind        text NOT NULL,                      -- oddities.KINDS: number_as_text, single_for_list, …
    place       text NOT NULL,                      -- action and path: MeterValues.meterValue[].sampledValue
    count       bigint NOT NULL CHECK (count > 0),
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    example     text NOT NULL,
    PRIMARY KEY (station_id, kind, place)
);

ALTER TABLE station
    ADD COLUMN boot_answer     text NOT NULL DEFAULT 'Accepted' CHECK (boot_answer IN ('Accepted', 'Pending', 'Rejected')),
    ADD COLUMN boot_interval_s int CHECK (boot_interval_s BETWEEN 1 AND 86400);   -- NULL = as the network or its own setting says

-- How often callers tried the number of a charge at an outlet: nobody guesses it by ringing again.

CREATE TABLE phone_proof (
    station_id  uuid NOT NULL REFERENCES station,
    evse_number int NOT NULL,
    tried_at    timestamptz[] NOT NULL,                -- of the last day when it was written last: a few
    PRIMARY KEY (station_id, evse_number)
);

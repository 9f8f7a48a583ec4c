-- How each station proves who it is: its security profile, its keys old and new, its certificate; and who guesses.

ALTER TABLE station
    ADD security_profile     smallint NOT NULL DEFAULT 1 CHECK (security_profile BETWEEN 0 AND 3),
    ADD profile_next         smallint CHECK (profile_next BETWEEN 1 AND 3),  -- raised to this by the first connection with it
    ADD profile_reason       text NOT NULL DEFAULT '',   -- why nothing is asked for (profile 0)
    ADD profile_until        timestamptz,                -- until when profile 0 lasts; NULL = no end
    ADD may_step_down        boolean NOT NULL DEFAULT false,  -- from 3 to 2, as AllowSecurityProfileDowngrade says
    ADD legacy_tls           boolean NOT NULL DEFAULT false,  -- may use the listener with the older cipher suites
    ADD basic_user           text CHECK (basic_user ~ '^[^:[:cntrl:]]{0,100}$'),  -- when it is not the identity
    ADD key_scheme           text NOT NULL DEFAULT 'blake2b' CHECK (key_scheme IN ('blake2b', 'argon2id')),
    ADD key_weak             boolean NOT NULL DEFAULT false,  -- too short to keep: changed at the first connection
    ADD key_form             text CHECK (key_form IN ('hex', 'raw', 'text')),  -- in which form it was sent last
    ADD key_since            timestamptz,
    ADD next_key_hash        bytea,                      -- opens beside the present key until it has been used once
    ADD next_key_salt        bytea,
    ADD next_key_sealed      bytea,                      -- encrypted, until the charger has it; NULL = a person enters it
    ADD next_key_number      int NOT NULL DEFAULT 0,     -- counts the changes: an old command must not confirm a new key
    ADD next_key_since       timestamptz,
    ADD certificate_name     text NOT NULL DEFAULT '',   -- CN that is expected when it is neither identity nor serial
    ADD certificate_sha256   bytea CHECK (length(certificate_sha256) = 32),  -- only this certificate, when set
    ADD certificate_expired  boolean NOT NULL DEFAULT false,  -- let in with an expired one, to renew it
    ADD held_since           timestamptz,                -- its key is in two hands: it gets no commands
    ADD held_why             text NOT NULL DEFAULT '',
    ADD CHECK (security_profile > 0 OR profile_reason <> '');

ALTER TABLE station_connection
    ADD profile    smallint,
    ADD tls        text NOT NULL DEFAULT '',             -- version and cipher suite
    ADD contested  boolean NOT NULL DEFAULT false;       -- it displaced one that was still alive

-- Somebody tries keys. One row for each address and kind, newest kept; bounded by the gateway's own limits.
CREATE TABLE door_alarm (
    kind            text NOT NULL CHECK (kind IN ('guessing', 'flood')),
    remote_address  text NOT NULL,                       -- '' = all together
    first_at        timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    attempts        bigint NOT NULL,
    identities      int NOT NULL,
    seen_at         timestamptz,
    seen_by         text NOT NULL DEFAULT '',
    PRIMARY KEY (kind, remote_address)
);

-- Files that somebody of ours sends with an answer. They stay with the case (support_attachment); here they wait.

CREATE TABLE mail_file (                               -- leaves with a mail, and is gone once that has left
    mail_id     uuid NOT NULL REFERENCES mail ON DELETE CASCADE,
    place       int NOT NULL,                          -- in which order they stand in the mail
    name        text NOT NULL,
    media_type  text NOT NULL,
    content     bytea NOT NULL,
    PRIMARY KEY (mail_id, place)
);

CREATE TABLE support_outgoing_file (                   -- waits with an answer for its time, and then is the case's
    id           uuid PRIMARY KEY,
    outgoing_id  uuid NOT NULL REFERENCES support_outgoing ON DELETE CASCADE,
    name         text NOT NULL,
    media_type   text NOT NULL,
    content      bytea NOT NULL
);
CREATE INDEX support_outgoing_file_of ON support_outgoing_file (outgoing_id);

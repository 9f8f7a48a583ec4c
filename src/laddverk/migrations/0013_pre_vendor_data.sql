-- What chargers are told when they say something of their vendor's own (DataTransfer): decided by the operator.
CREATE TABLE vendor_rule (
    vendor_id   text NOT NULL CHECK (vendor_id <> ''),
    message_id  text NOT NULL DEFAULT '',       -- '' is any message of the vendor that has no rule of its own
    status      text NOT NULL CHECK (status IN ('Accepted', 'Rejected', 'UnknownMessageId', 'UnknownVendorId')),
    data        jsonb,                          -- goes with the answer; 1.6 gets it as text
    note        text NOT NULL DEFAULT '',
    changed_at  timestamptz NOT NULL,
    changed_by  text NOT NULL,
    PRIMARY KEY (vendor_id, message_id)
);
CREATE INDEX station_report_vendor_data ON station_report (received_at DESC) WHERE kind = 'DataTransfer';

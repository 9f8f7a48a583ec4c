-- Since when something has been so at a site that people are told of when it lasts.

ALTER TABLE steering_state ADD COLUMN pending jsonb NOT NULL DEFAULT '{}';

-- After a restart a charger is asked whether its standing default still stands.
ALTER TABLE steering_order DROP CONSTRAINT steering_order_kind_check;
ALTER TABLE steering_order ADD CONSTRAINT steering_order_kind_check
    CHECK (kind IN ('standing', 'limit', 'stop', 'look'));

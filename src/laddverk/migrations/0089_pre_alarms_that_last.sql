-- Since when something has been so at a site that people are told of when it lasts.

ALTER TABLE steering_state ADD COLUMN pending jsonb NOT NULL DEFAULT '{}';

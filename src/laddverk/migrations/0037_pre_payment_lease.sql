-- While a provider is spoken to about a payment, nobody else speaks to it: until then, or until what came of it is
-- written down. One that has passed says that a process ended in the middle of a call.
ALTER TABLE payment ADD COLUMN calling_until timestamptz;

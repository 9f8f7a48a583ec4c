-- When a driver chose what is debited: invoices from before are left to them.

ALTER TABLE driver_paying ADD COLUMN chosen_at timestamptz;
UPDATE driver_paying SET chosen_at = changed_at WHERE first_kind IS NOT NULL;

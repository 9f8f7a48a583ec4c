-- A charger puts the operator's name into its certificate request: it is told which, before it makes one.
ALTER TABLE profile_upgrade ADD organisation text NOT NULL DEFAULT '';
ALTER TABLE profile_upgrade DROP CONSTRAINT profile_upgrade_step_check;
ALTER TABLE profile_upgrade ADD CONSTRAINT profile_upgrade_step_check
    CHECK (step IN ('root', 'name', 'certificate', 'read', 'tell', 'order', 'restart', 'return'));

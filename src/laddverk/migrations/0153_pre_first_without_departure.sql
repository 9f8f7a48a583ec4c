-- Support may let a charge come first of whose departure and energy nobody has said anything.

ALTER TABLE driver_wish DROP CONSTRAINT driver_wish_check;
ALTER TABLE driver_wish ADD CONSTRAINT driver_wish_says_something
    CHECK (departs_at IS NOT NULL OR energy_wh IS NOT NULL OR asks_priority);

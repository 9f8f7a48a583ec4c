-- Whether drivers may ask to come first stands in the tree of the site.

ALTER TABLE plan_wish DROP COLUMN lets_ask;

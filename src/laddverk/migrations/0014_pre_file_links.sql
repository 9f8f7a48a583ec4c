-- The secret of a link is computed from its id and a key outside the database: nothing of it is kept any more.
-- Programs of before that still run can ask for no firmware and no logs until they are replaced; all else goes on.
ALTER TABLE file_link DROP COLUMN secret_hash;

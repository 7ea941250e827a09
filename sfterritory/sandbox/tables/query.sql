-- Answers that are fetched in pieces: a query, or the children of one record, by the numbers of the
-- sub-queries that lead to them.
CREATE TABLE _cursor (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL, soql TEXT NOT NULL, deleted_too INTEGER NOT NULL,
    place TEXT NOT NULL, created TEXT NOT NULL, row_numbers BLOB NOT NULL
);
CREATE INDEX _cursor_created ON _cursor (created);

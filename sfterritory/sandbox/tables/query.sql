-- Answers that are fetched in pieces.
CREATE TABLE _cursor (
    id TEXT PRIMARY KEY, soql TEXT NOT NULL, deleted_too INTEGER NOT NULL,
    created TEXT NOT NULL, row_numbers BLOB NOT NULL
);
CREATE TABLE _query_job (
    id TEXT PRIMARY KEY, operation TEXT NOT NULL, object TEXT NOT NULL, soql TEXT NOT NULL,
    state TEXT NOT NULL, created TEXT NOT NULL, created_by TEXT NOT NULL,
    modified TEXT NOT NULL, api_version TEXT NOT NULL, line_ending TEXT NOT NULL,
    delimiter TEXT NOT NULL, row_numbers BLOB NOT NULL
);

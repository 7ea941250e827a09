-- Bulk API 2.0: jobs, what was uploaded, what became of each row, what a day was used for.
CREATE TABLE _query_job (
    id TEXT PRIMARY KEY, operation TEXT NOT NULL, object TEXT NOT NULL, state TEXT NOT NULL,
    created TEXT NOT NULL, created_by TEXT NOT NULL, modified TEXT NOT NULL,
    api_version TEXT NOT NULL, line_ending TEXT NOT NULL, delimiter TEXT NOT NULL,
    soql TEXT NOT NULL, polls INTEGER NOT NULL, records INTEGER NOT NULL, error TEXT NOT NULL,
    row_numbers BLOB NOT NULL
);
CREATE TABLE _ingest_job (
    id TEXT PRIMARY KEY, operation TEXT NOT NULL, object TEXT NOT NULL, state TEXT NOT NULL,
    created TEXT NOT NULL, created_by TEXT NOT NULL, modified TEXT NOT NULL,
    api_version TEXT NOT NULL, line_ending TEXT NOT NULL, delimiter TEXT NOT NULL,
    external_id_field TEXT NOT NULL, assignment_rule_id TEXT NOT NULL, polls INTEGER NOT NULL,
    next_byte INTEGER NOT NULL, batches INTEGER NOT NULL, processed INTEGER NOT NULL,
    failed INTEGER NOT NULL, retries INTEGER NOT NULL, error TEXT NOT NULL, header TEXT NOT NULL
);
CREATE TABLE _ingest_upload (job_id TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE _ingest_result (
    job_id TEXT NOT NULL, file TEXT NOT NULL, place INTEGER NOT NULL, number INTEGER NOT NULL,
    line TEXT NOT NULL, PRIMARY KEY (job_id, file, place, number)
) WITHOUT ROWID;
CREATE TABLE _bulk_use (
    moment TEXT NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (moment, kind)
) WITHOUT ROWID;

-- Bulk API 1.0: jobs and their batches; outcomes are a JSON list, one entry a row.
CREATE TABLE _classic_job (
    id TEXT PRIMARY KEY, operation TEXT NOT NULL, object TEXT NOT NULL, state TEXT NOT NULL,
    created TEXT NOT NULL, created_by TEXT NOT NULL, modified TEXT NOT NULL,
    api_version TEXT NOT NULL, content_type TEXT NOT NULL, concurrency TEXT NOT NULL,
    external_id_field TEXT NOT NULL, assignment_rule_id TEXT NOT NULL
);
CREATE TABLE _classic_batch (
    id TEXT PRIMARY KEY, job_id TEXT NOT NULL, state TEXT NOT NULL, message TEXT NOT NULL,
    created TEXT NOT NULL, records INTEGER NOT NULL, failed INTEGER NOT NULL,
    request BLOB NOT NULL, outcomes TEXT NOT NULL, row_numbers BLOB NOT NULL
);
CREATE INDEX _classic_batch_job ON _classic_batch (job_id);

-- What users looked at, for describe's recent items.
CREATE TABLE _viewed (
    user_id TEXT NOT NULL, object TEXT NOT NULL, record_id TEXT NOT NULL, moment TEXT NOT NULL,
    PRIMARY KEY (user_id, object, record_id)
) WITHOUT ROWID;
-- Since when describe answers a user as it does; the fingerprint is of everything that it shows.
CREATE TABLE _described (
    user_id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, modified TEXT NOT NULL
) WITHOUT ROWID;

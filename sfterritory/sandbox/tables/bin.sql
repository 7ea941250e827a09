-- Which records went into the recycle bin along with another one, and come back with it.
CREATE TABLE _bin (record_id TEXT PRIMARY KEY, root_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX _bin_root ON _bin (root_id);

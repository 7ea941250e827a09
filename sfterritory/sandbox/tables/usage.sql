-- API requests by minute since the epoch and connected app: the allocation rolls over 24 hours.
CREATE TABLE _usage (
    minute INTEGER NOT NULL, app TEXT NOT NULL, requests INTEGER NOT NULL,
    PRIMARY KEY (minute, app)
) WITHOUT ROWID;

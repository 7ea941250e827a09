-- Who is signed in.
CREATE TABLE _token (
    token TEXT PRIMARY KEY, user_id TEXT NOT NULL, issued TEXT NOT NULL, expires TEXT NOT NULL
) WITHOUT ROWID;

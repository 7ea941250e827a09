-- Who is signed in, and by what they may sign in again.
CREATE TABLE _token (
    token TEXT PRIMARY KEY, user_id TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL,
    family TEXT NOT NULL, issued TEXT NOT NULL, expires TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX _token_user ON _token (user_id, issued);
-- Tokens of one family come from one sign-in: revoking the refresh token ends all of them.
CREATE TABLE _refresh_token (
    token TEXT PRIMARY KEY, family TEXT NOT NULL, user_id TEXT NOT NULL, client_id TEXT NOT NULL,
    scope TEXT NOT NULL, issued TEXT NOT NULL, living INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE _authorization_code (
    code TEXT PRIMARY KEY, user_id TEXT NOT NULL, client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL, scope TEXT NOT NULL, challenge TEXT NOT NULL,
    method TEXT NOT NULL, expires TEXT NOT NULL, living INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE _wrong_password (user_id TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX _wrong_password_user ON _wrong_password (user_id, at);

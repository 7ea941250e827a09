-- The org: its facts, the numbers of its next records, and who may own records by name.
CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE _sequence (prefix TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIEW _Name AS
    SELECT Id, Name, FirstName, LastName, 'User' AS Type, Username, Email, Title, Alias,
           IsActive, ProfileId, UserRoleId FROM "User"
    UNION ALL
    SELECT Id, Name, NULL, NULL, Type, NULL, Email, NULL, NULL, 1, NULL, NULL FROM "Group";

-- The org: its facts, the numbers of its next records, and who may own records by name.
CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE _sequence (prefix TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIEW _Name AS
    SELECT Id, Name, FirstName, LastName, 'User' AS Type, Username, Email, Title, Alias,
           IsActive, ProfileId, UserRoleId FROM "User"
    UNION ALL
    SELECT Id, Name, NULL, NULL, Type, NULL, Email, NULL, NULL, 1, NULL, NULL FROM "Group";
-- What an activity or a territory may be about, by name.
CREATE VIEW _Record AS
    SELECT Id, Name, FirstName, LastName, 'Contact' AS Type, NULL AS Username, Email, Title,
           NULL AS Alias, NULL AS IsActive, NULL AS ProfileId, NULL AS UserRoleId FROM "Contact"
    UNION ALL
    SELECT Id, Name, FirstName, LastName, 'Lead', NULL, Email, Title, NULL, NULL, NULL, NULL
    FROM "Lead"
    UNION ALL
    SELECT Id, Name, NULL, NULL, 'Account', NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM "Account"
    UNION ALL
    SELECT Id, Name, NULL, NULL, 'Opportunity', NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM "Opportunity"
    UNION ALL
    SELECT Id, CaseNumber, NULL, NULL, 'Case', NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM "Case"
    UNION ALL
    SELECT Id, Name, NULL, NULL, 'Campaign', NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM "Campaign";

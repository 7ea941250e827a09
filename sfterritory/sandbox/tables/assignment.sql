-- The entries of the org's assignment rules; the rules themselves are AssignmentRule records.
CREATE TABLE _assignment_entry (
    rule_id TEXT NOT NULL, position INTEGER NOT NULL, field TEXT NOT NULL,
    allowed TEXT NOT NULL, owner_id TEXT NOT NULL, PRIMARY KEY (rule_id, position)
);

-- The org's own assignment rules.
CREATE TABLE _assignment_rule (
    id TEXT PRIMARY KEY, object TEXT NOT NULL, name TEXT NOT NULL, active INTEGER NOT NULL
);
CREATE TABLE _assignment_entry (
    rule_id TEXT NOT NULL, position INTEGER NOT NULL, field TEXT NOT NULL,
    allowed TEXT NOT NULL, owner_id TEXT NOT NULL, PRIMARY KEY (rule_id, position)
);

-- What the org's administrator declared, as JSON; `_meta.rules_version` counts the changes.
CREATE TABLE _rule (id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL);

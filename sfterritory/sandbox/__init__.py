"""An org in a box: a Salesforce of its own for the demo, tests and training."""

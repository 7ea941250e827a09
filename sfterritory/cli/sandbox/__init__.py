"""`sfterritory sandbox`: an org in a box, to try rules and to train without credentials."""

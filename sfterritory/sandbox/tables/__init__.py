"""The tables of the server itself, beside one for each object: SQL files, run in name order."""

"""Project file, mappings and environment become typed parameters, read once."""

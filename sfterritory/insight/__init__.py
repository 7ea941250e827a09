"""Why a record is owned as it is."""

"""A pull of a million accounts, beside its limits and other clients."""

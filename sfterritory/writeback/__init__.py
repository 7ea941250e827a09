"""From a difference to an approved, applied, verified and reversible change."""

"""Construction of territories: duals of the centre graph, polish, contiguity, a proven bound."""

"""Road engines and files that know travel times: OSRM, Valhalla, and a matrix of the user."""

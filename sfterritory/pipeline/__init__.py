"""One module a job: load, call stages, save."""

"""Jobs of the pipeline, called as the commands call them."""

"""Doctor: whether everything that the main job needs is there, and what to do where it is not."""

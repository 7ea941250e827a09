"""The main job through the real command line, against a sandbox over loopback."""

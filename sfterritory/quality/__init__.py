"""Quality: addresses brought into one spelling, with causes for what was refused."""

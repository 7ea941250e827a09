"""Tests of the sandbox: real HTTP over loopback, and its parts on their own."""

"""Tests of the capacitated p-median search."""

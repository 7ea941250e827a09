"""Tests of contiguous districts."""

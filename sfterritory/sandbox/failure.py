"""What can go wrong outside HTTP: files, ports and states that a person has to put right."""

from __future__ import annotations


class SandboxError(Exception):
    """A failure that a person can act on.

    Attributes:
        problem: What happened, with the value that caused it; one line for each mistake.
        remedy: What to do next.
    """

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

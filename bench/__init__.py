"""Speed and memory: `python -m bench` measures ratios, `python -m bench.real` real input."""

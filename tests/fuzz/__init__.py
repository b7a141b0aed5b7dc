"""Fuzzing of everything that reads what strangers made: `make fuzz`, or `python -m tests.fuzz [TARGET …]`."""

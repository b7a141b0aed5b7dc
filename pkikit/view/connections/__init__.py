"""What is known about connections: each one by itself, root causes once, and everything that a check found."""

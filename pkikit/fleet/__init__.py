"""Many deployments: audit a folder of them, keep what was found, and compare with last time."""

"""The folders of a fleet: find them, know their content again, and read one."""

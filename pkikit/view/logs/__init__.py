"""What machines write: lines of Expressway's event log, the logs of the machines around it, and the dumps of an archive."""

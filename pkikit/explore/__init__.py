"""Judge many layouts, on one process or many."""

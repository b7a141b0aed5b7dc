"""The panel for what operators have: drop files, answer questions, make the lab, read the report."""

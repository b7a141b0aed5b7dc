"""What every command shares: its options and parameters, the layout of what it prints, exit codes, words for wrong input."""

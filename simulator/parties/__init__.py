"""What surrounds the peers."""

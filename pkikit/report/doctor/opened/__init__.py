"""What somebody has in hand, read from the network and the disk for `doctor`, and recognised by what is in it."""

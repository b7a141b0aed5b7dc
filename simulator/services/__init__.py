"""What the lab needs around its peers: DNS, Pebble."""

"""The servers around the peers: DNS, revocation sources, AD CS, Pebble and the lab's own ACME CA."""

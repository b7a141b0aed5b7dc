"""One module for each kind of goal: the machines as they are when it is reached."""

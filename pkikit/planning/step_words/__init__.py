"""The words of a step: where it is done, with which command, what one sees, the proof, and how to undo it. Pure."""

"""From five plain answers to one recommended certificate design, its reasons and its alternatives."""

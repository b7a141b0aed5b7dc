"""The topology before it is drawn: boxes, bundles of connections, differences, places and words."""

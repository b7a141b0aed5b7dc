"""The topology as a picture in layers, and in words: boxes, bundles of connections, differences and places."""

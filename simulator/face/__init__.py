"""The topology as a picture and as a page."""

"""Commands that look at files and servers, and judge them."""

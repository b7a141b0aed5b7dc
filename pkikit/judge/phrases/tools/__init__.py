"""What people test with: browsers, curl, wget, resolvers, sockets, Wireshark."""

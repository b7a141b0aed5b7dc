"""What TLS libraries, languages and operating systems print: OpenSSL, GnuTLS, Mbed TLS, Go, Java, Python, Node, Windows."""

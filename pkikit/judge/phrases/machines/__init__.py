"""What Expressway and the machines around it print: Cisco products, SIP servers, directories, other servers."""

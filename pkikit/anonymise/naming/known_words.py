"""Words that say nothing about an organisation: of the product, of certificates, of directories. They stay as they are."""

from __future__ import annotations

_PRODUCT = """
exp expc expe exps expressway expressways vcs vcsc vcse cucm ucm cm cuc cup imp imps presence tomcat callmanager call manager
unity connection cms tms jabber edge core collab sip sips uc traversal neighbour neighbor partner dns default ldap ldaps
policy syslog mra xcp xmpp ad cluster clustered peer peers zone zones single pair full secure profile profiles phone phones
registration federation endpoint browser node nodes chat alias join meet meeting bridge web webbridge internal external
b2b c2c h323 srv srtp oauth webrtc vm vms lan wan dmz
"""
_CERTIFICATES = """
ca cas root issuing intermediate sub subordinate class certificate certificates certification authority authorities server
client signing trust trusted tls ssl rsa ecc ecdsa ocsp crl crls crt cer cert certs pem der aia cdp cps pki global public
private primary secondary self signed validation extended organization domain ev ov dv non and of the for new old key keys
user users host email mailto urn http https ftp file test validated responder delta enroll certenroll certsrv
transport tcp udp uuid webserver machine subca template
"""
_DIRECTORY = """
cn ou dc services service configuration objectclass certificaterevocationlist deltarevocationlist base sub one binary
crldistributionpoint certificationauthority cacertificate usercertificate authorityrevocationlist
"""
_DOMAINS = "com net org local localhost localdomain invalid example arpa www mail"

KEPT = frozenset(f"{_PRODUCT} {_CERTIFICATES} {_DIRECTORY} {_DOMAINS}".split())
"""Words in lower case that the anonymiser keeps in labels, common names and URLs."""

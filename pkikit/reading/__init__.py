"""From DER to objects: one certificate, request, CRL or OCSP answer at a time.

Reading the names, dates and algorithms of an object that this package returns never raises.
"""

from pkikit.reading.objects import load_crl, load_ocsp, load_pkcs7, load_request
from pkikit.reading.odd.certificate_loader import load_certificate
from pkikit.reading.unreadable import UNREADABLE, OtherKind

__all__ = ["UNREADABLE", "OtherKind", "load_certificate", "load_crl", "load_ocsp", "load_pkcs7", "load_request"]

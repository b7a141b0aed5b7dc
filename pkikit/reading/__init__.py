"""From DER to objects: one certificate, request, CRL or OCSP answer at a time.

Whatever comes out of here can be asked for its names, dates and algorithms without an exception.
"""

from pkikit.reading.objects import OtherKind, load_certificate, load_crl, load_ocsp, load_pkcs7, load_request

__all__ = ["OtherKind", "load_certificate", "load_crl", "load_ocsp", "load_pkcs7", "load_request"]

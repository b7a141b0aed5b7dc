"""Parts of certificates, CRLs and OCSP answers under other names, in DER."""

"""What programs print when a connection fails, as data: one module per family of programs, one row per wording.

`PHRASES` holds every row. A row's example is its test (tests/unit/test_phrases.py).
"""

from __future__ import annotations

from pkikit.judge.phrases.acme_problems import ACME
from pkikit.judge.phrases.common import COMMON
from pkikit.judge.phrases.libraries.gnutls_mbedtls import GNUTLS_MBEDTLS
from pkikit.judge.phrases.libraries.golang import GOLANG
from pkikit.judge.phrases.libraries.java import JAVA
from pkikit.judge.phrases.libraries.openssl_numbers import OPENSSL_NUMBERS
from pkikit.judge.phrases.libraries.openssl_reasons import OPENSSL_REASONS
from pkikit.judge.phrases.libraries.openssl_tools import OPENSSL_TOOLS
from pkikit.judge.phrases.libraries.openssl_verify import OPENSSL_VERIFY
from pkikit.judge.phrases.libraries.python_node import PYTHON_NODE
from pkikit.judge.phrases.libraries.windows import WINDOWS
from pkikit.judge.phrases.machines.cisco import CISCO
from pkikit.judge.phrases.machines.directory import DIRECTORY
from pkikit.judge.phrases.machines.expressway import EXPRESSWAY
from pkikit.judge.phrases.machines.expressway_alarms import EXPRESSWAY_ALARMS
from pkikit.judge.phrases.machines.lab_events import LAB
from pkikit.judge.phrases.machines.servers import SERVERS
from pkikit.judge.phrases.machines.sip import SIP
from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.tls_alerts import ALERTS
from pkikit.judge.phrases.tools.browsers import BROWSERS
from pkikit.judge.phrases.tools.curl_wget import CURL_WGET
from pkikit.judge.phrases.tools.sockets import SOCKETS
from pkikit.judge.phrases.tools.wireshark import WIRESHARK

PHRASES: tuple[Phrase, ...] = (
    *EXPRESSWAY, *EXPRESSWAY_ALARMS, *LAB, *CISCO, *OPENSSL_REASONS, *OPENSSL_TOOLS, *OPENSSL_VERIFY, *OPENSSL_NUMBERS, *ALERTS,
    *CURL_WGET, *JAVA, *GOLANG, *WINDOWS, *PYTHON_NODE, *GNUTLS_MBEDTLS, *BROWSERS, *WIRESHARK, *ACME,
    *SIP, *DIRECTORY, *SERVERS, *SOCKETS, *COMMON,
)  # fmt: skip

__all__ = ["PHRASES", "Phrase", "Whose", "Writer"]

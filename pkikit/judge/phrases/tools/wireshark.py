"""Wireshark and tshark: alerts and resets in the packet list."""

from __future__ import annotations

from dataclasses import replace

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import alert_row, rows

# `tshark -G values`, tls.alert_message.desc. The line says who sent the alert; which side is ours does not.
_DESCRIPTIONS = (
    (10, "Unexpected Message"), (20, "Bad Record MAC"), (21, "Decryption Failed"), (22, "Record Overflow"),
    (30, "Decompression Failure"), (40, "Handshake Failure"), (41, "No Certificate"), (42, "Bad Certificate"),
    (43, "Unsupported Certificate"), (44, "Certificate Revoked"), (45, "Certificate Expired"),
    (46, "Certificate Unknown"), (47, "Illegal Parameter"), (48, "Unknown CA"), (49, "Access Denied"),
    (50, "Decode Error"), (51, "Decrypt Error"), (60, "Export Restriction"), (70, "Protocol Version"),
    (71, "Insufficient Security"), (80, "Internal Error"), (86, "Inappropriate Fallback"), (90, "User Canceled"),
    (100, "No Renegotiation"), (109, "Missing Extension"), (110, "Unsupported Extension"),
    (111, "Certificate Unobtainable"), (112, "Unrecognized Name"), (113, "Bad Certificate Status Response"),
    (114, "Bad Certificate Hash Value"), (115, "Unknown PSK Identity"), (116, "Certificate Required"),
    (120, "No application Protocol"),
)  # fmt: skip


def _alert(number: int, words: str) -> Phrase:
    row = alert_row(
        number,
        f"description: {words.lower()}",
        f"  102  4.120934  10.0.10.2 → 10.0.30.2  TLSv1.2 73 Alert (Level: Fatal, Description: {words})",
        "Wireshark, epan/dissectors/packet-tls-utils.c: ssl_31_alert_description",
        "alert (level: fatal",
    )
    return replace(row, whose=Whose.NEITHER)


WIRESHARK: tuple[Phrase, ...] = (
    *(_alert(number, words) for number, words in _DESCRIPTIONS),
    *rows(
        "Wireshark, epan/dissectors/packet-tcp.c",
        Whose.NEITHER,
        ("net.connection-cut", "[rst]", "   17  0.120934  10.0.10.2 → 10.0.30.2  TCP 54 27001 → 7001 [RST] Seq=518 Win=0 Len=0", "seq="),
        ("net.connection-cut", "[rst, ack]", "   17  0.120934  10.0.10.2 → 10.0.30.2  TCP 54 7001 → 27001 [RST, ACK] Seq=518 Ack=1 Win=0 Len=0", "seq="),
    ),
)  # fmt: skip

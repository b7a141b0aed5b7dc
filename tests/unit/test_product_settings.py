"""The table of product settings, and the dump of a peer that follows from it."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from pkikit.design.xconfiguration import default_of, settings_of, xconfiguration
from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.parties import Cluster, Role, Server
from pkikit.model.tables.features import Certainty
from pkikit.model.tables.product_settings import SETTINGS, Setting
from pkikit.model.version import ProductVersion
from pkikit.model.zones import DefaultZone, DnsZone, NeighbourZone, TraversalZone
from tests.support.worlds import C1, E1, changed, deployment

BY_KEY = {setting.key: setting for setting in SETTINGS}
_REVOCATION, _CVS, _ZONE = "SIP TLS Certificate Revocation Checking", "XCP TLS Certificate CVS", "Zones Zone [n]"
_SUITES = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:"
_KEYS = "x509v3-rsa2048-sha256,x509v3-ecdsa-sha2-nistp256,x509v3-ecdsa-sha2-nistp384,x509v3-ecdsa-sha2-nistp521"

# What the documents state: statement → key → (default in X15.0, allowed values).
STATED: dict[str, dict[str, tuple[str | None, str]]] = {
    "E-01": {f"{_REVOCATION} Mode": ("Off", "On/Off")},
    "E-02": {f"{_REVOCATION} OCSP Mode": ("On", "On/Off")},
    "E-03": {f"{_REVOCATION} CRL Mode": ("On", "On/Off")},
    "E-04": {f"{_REVOCATION} CRL Network Fetch Mode": ("On", "On/Off")},
    "E-05": {f"{_REVOCATION} Source Inaccessibility Behavior": ("Fail", "Ignore/Fail")},
    "E-08": {f"{_CVS} CertificateRevocationCheck": ("Off", "On/Off")},
    "E-09": {f"{_CVS} ConvertIpToHostname": ("On", "On/Off")},
    "E-10": {f"{_CVS} CrlNetworkFetchEnabled": ("On", "On/Off")},
    "E-11": {f"{_CVS} EnableCvs": ("On", "On/Off")},
    "E-12": {f"{_CVS} FailOnInaccessibleSource": ("On", "On/Off")},
    "E-13": {f"{_CVS} {name}": ("On", "On/Off") for name in ("UseCrl", "UseOcsp", "VerifyHostname")},
    "E-14": {
        "SIP TLS Mode": ("On", "On/Off"),
        "SIP TLS Port": ("5061", "1024..65534"),
        "SIP TCP Mode": ("Off", "On/Off"),
        "SIP UDP Mode": ("Off", "On/Off"),
        "SIP TCP Port": ("5060", "1024..65534"),
    },
    "E-15": {
        "SIP TCP Outbound Port Start": ("25000", "1024..65534"),
        "SIP TCP Outbound Port End": ("29999", "1024..65534"),
    },
    "E-19": {f"{_ZONE} Neighbor SIP TLS Verify Mode": ("Off", "On/Off")},
    "E-20": {
        f"{_ZONE} Neighbor SIP Port": ("5061", "1024..65534"),
        f"{_ZONE} Neighbor SIP Transport": ("TLS", "UDP/TCP/TLS"),
        f"{_ZONE} Neighbor Monitor": ("Yes", "Yes/No"),
    },
    "E-21": {f"{_ZONE} TraversalClient SIP TLS Verify Mode": ("Off", "On/Off")},
    "E-22": {f"{_ZONE} TraversalClient RetryInterval": ("120", "1..65534")},
    "E-23": {f"{_ZONE} TraversalServer SIP TLS Verify Mode": ("Off", "On/Off")},
    "E-24": {f"{_ZONE} TraversalServer SIP TLS Verify Subject Name": ("", "S: 0,128")},
    "E-25": {f"{_ZONE} TraversalServer SIP Port": ("7001", "1024..65534")},
    "E-26": {f"{_ZONE} DNS SIP TLS Verify Mode": ("Off", "On/Off")},
    "E-27": {f"{_ZONE} DNS SIP TLS Verify Subject Name": ("", "S: 0..128")},
    "E-28": {f"{_ZONE} DNS SIP Default Transport": ("UDP", "UDP/TCP/TLS")},
    "E-29": {"Zones DefaultZone SIP TLS Verify Mode": ("Off", "On/Off")},
    "E-30": {"Login Remote LDAP CRLCheck": ("None", "None/Peer/All")},
    "E-31": {
        "Login Remote LDAP Encryption": ("TLS", "Off/TLS"),
        "Login Remote LDAP Server Port": ("389", "1..65534"),
    },
    "E-32": {
        "Remote Syslog [n] Crlcheck": ("Off", "On/Off"),
        "Remote Syslog [n] Mode": ("bsd", "bsd/ietf/ietf_secure/user_defined"),
        "Remote Syslog [n] Transport": ("udp", "udp/tcp/tls"),
        "Remote Syslog [n] Port": ("514", "1..65535"),
    },
    "E-33": {
        "Registration RestrictionPolicy Service TLS Verify Mode": ("On", "On/Off"),
        "Registration RestrictionPolicy Service TLS CRLCheck Mode": ("Off", "On/Off"),
    },
    "E-36": {"Ciphers sshd_pfwd_ciphers Value": ("aes256-ctr", "S: 0,2048, as openssh writes it")},
    "E-37": {"Ciphers sshd_pfwd_pubkeyalgorithms Value": (_KEYS, _KEYS)},
    "E-38": {"Security CSRFProtection Status": ("Disabled", "Enabled/Disabled")},
    "E-39": {
        "Management Interface Port": ("443", "1..65535"),
        "Management Interface HstsMode": ("On", "On/Off"),
    },
    "E-40": {"Log Level": ("1", "1..4")},
}
X15_0 = ProductVersion.parse("X15.0")


@pytest.mark.parametrize("keys", [pytest.param(keys, id=i, marks=pytest.mark.product(i)) for i, keys in STATED.items()])
def test_settings_have_the_documented_default_and_values(keys: dict[str, tuple[str | None, str]]) -> None:
    """Key by key as the command reference X15.0 has it."""
    assert {key: (default_of(BY_KEY[key], X15_0), BY_KEY[key].allowed) for key in keys} == keys
    assert {BY_KEY[key] for key in keys} <= set(settings_of(X15_0, Role.EXPRESSWAY_E))


@pytest.mark.product("E-06", "E-07", "E-18")
def test_settings_exist_only_in_the_versions_and_on_the_machines_that_have_them() -> None:
    """The purpose switch came with X15.5, the upload switch was there in X15.4 alone, and only on E."""

    def having(key: str) -> set[tuple[str, str]]:
        pairs = ((v, r) for v in ("X15.0", "X15.2", "X15.4", "X15.5") for r in Role)
        found = ((v, r) for v, r in pairs if BY_KEY[key] in settings_of(ProductVersion.parse(v), r))
        return {(version, role.value) for version, role in found}

    both = {"expressway-c", "expressway-e"}
    checking = "SIP TLS Certificate ExtendedKeyUsage Checking Mode"
    assert having(checking) == {("X15.5", role) for role in both}
    assert (BY_KEY[checking].default, BY_KEY[checking].allowed) == ("On", "On/Off")
    assert having(f"{_CVS} EnableServerEkuUpload") == {("X15.4", "expressway-e")}
    assert BY_KEY[f"{_CVS} EnableServerEkuUpload"].default is None
    prefers = BY_KEY["SIP Advanced TlsSignatureAlgoPrefRsa"]
    assert (prefers.default, prefers.allowed) == (None, "On/Off")
    assert having(prefers.key) == {(v, r) for v in ("X15.2", "X15.4", "X15.5") for r in both}


@pytest.mark.product("E-16", "E-17", "I-05")
def test_contradicted_defaults_follow_the_newer_document_and_say_so() -> None:
    """The size of Diffie-Hellman keys: 1024 in the reference of X15.0, 2048 from X14.3 on in the change history."""
    size = BY_KEY["SIP Advanced SipTlsDhKeySize"]
    assert [default_of(size, ProductVersion.parse(v)) for v in ("X14.2", "X14.3", "X15.0")] == ["1024", "2048", "2048"]
    assert size.allowed == "1024/2048/3072"
    assert size.needs_restart
    assert size.certainty is Certainty.UNCERTAIN
    assert "1024" in size.source
    assert "2048" in size.source
    versions = BY_KEY["SIP Advanced SipTlsVersions"]
    assert versions.default == "TLSv1:TLSv1.1:TLSv1.2"
    assert [v for v in ("TLSv1,", "TLSv1.1,", "TLSv1.2,", "TLSv1.3") if v not in versions.allowed] == []


@pytest.mark.product("E-34", "E-35", "H-07")
def test_cipher_lists_differ_for_sip_alone_and_two_of_them_need_a_restart() -> None:
    """SIP adds anonymous suites at the end, the others refuse them; the lowest version is TLS 1.2 for each."""
    services = ("SIPTLS", "HTTPS", "SMTPTLS", "ReverseProxyTLS", "UcClientTLS", "XCPTLS")
    lists = {service: BY_KEY[f"Ciphers {service}Ciphers Value"] for service in services}
    assert {s for s, setting in lists.items() if setting.default == f"{_SUITES}!aNULL"} == {*services} - {"SIPTLS"}
    assert all("2048" in setting.allowed and "OpenSSL" in setting.allowed for setting in lists.values())
    protocols = [BY_KEY[f"Ciphers {service}Protocol Value"] for service in services[1:]]
    assert {p.allowed for p in protocols} == {"minTLSv1.0/minTLSv1.1/minTLSv1.2"}
    assert lists["SIPTLS"].default == f"{_SUITES}+ADH"
    assert {s for s, setting in lists.items() if setting.needs_restart} == {"SIPTLS", "XCPTLS"}
    assert {s.key for s in SETTINGS if s.needs_restart} == {
        "Ciphers SIPTLSCiphers Value",
        "Ciphers XCPTLSCiphers Value",
        "SIP Advanced SipTlsDhKeySize",
    }
    assert all(BY_KEY[f"Ciphers {s}Protocol Value"].default == "minTLSv1.2" for s in services[1:])


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.key)
def test_setting_names_a_key_of_the_deployment_file_or_says_why_it_has_none(setting: Setting) -> None:
    """A renamed key of the deployment file must not leave the table behind."""
    assert bool(setting.modelled_by) != bool(setting.why_not)
    assert setting.default is not None or setting.certainty is Certainty.STATED
    if setting.modelled_by:
        room, _, name = setting.modelled_by.rpartition("/")
        homes: dict[str, tuple[type[BaseModel], ...]] = {
            "": (Deployment,),
            "revocation": (Revocation,),
            "clusters[]": (Cluster,),
            "servers[]": (Server,),
            "zones[]": (TraversalZone, NeighbourZone, DnsZone, DefaultZone),
        }
        assert any(name in home.model_fields for home in homes[room]), setting.modelled_by


def test_keys_of_the_table_are_unique() -> None:
    """Two rows for one key would give two defaults."""
    assert len(BY_KEY) == len(SETTINGS)


def test_dump_of_each_side_has_the_zone_as_that_side_sees_it() -> None:
    """C dials e1 and e2 on 7001; E listens there and looks for the cluster name of C."""
    of_c, of_e = (dict(xconfiguration(deployment(), peer)) for peer in (C1, E1))
    assert of_c["Zones Zone 1 Type"] == "TraversalClient"
    assert [of_c[f"Zones Zone 1 TraversalClient Peer {n} Address"] for n in (1, 2)] == [
        "e1.example.com",
        "e2.example.com",
    ]
    assert of_c["Zones Zone 1 TraversalClient SIP TLS Verify Mode"] == "On"
    assert (of_e["Zones Zone 1 Type"], of_e["Zones Zone 1 TraversalServer SIP Port"]) == ("TraversalServer", "7001")
    assert of_e["Zones Zone 1 TraversalServer SIP TLS Verify Subject Name"] == "cluster-c.corp.example.com"
    assert (of_e["IP DNS Hostname"], of_e["IP DNS Domain Name"]) == ("e1", "example.com")
    assert not any(key.startswith("Zones Zone") and "TraversalServer" in key for key in of_c)


def test_dump_has_a_zone_for_each_node_of_unified_cm_as_expressway_c_makes_them() -> None:
    """TCP always, TLS in mixed mode with the verify mode of the discovery, one for SIP OAuth; on C alone, after its own zones."""
    told = {"name": "cucm", "nodes": ["ucm1.corp.example.com"], "sip_oauth": True}
    made = changed(
        unified_cm=[
            {**told, "mixed_mode": True, "tls_verify": True},
            {"name": "other", "nodes": ["192.corp.example.com"]},
        ]
    )
    values = dict(xconfiguration(made, C1))
    zones = {n: values[f"Zones Zone {n} Name"] for n in range(2, 6)}
    node = "ucm1.corp.example.com"
    assert zones == {2: f"CEtcp-{node}", 3: f"CEtls-{node}", 4: f"CEOAuth {node}", 5: "CEtcp-192.corp.example.com"}
    assert [values[f"Zones Zone {n} Neighbor SIP Port"] for n in zones] == ["5060", "5061", "5091", "5060"]
    assert [values[f"Zones Zone {n} Neighbor SIP TLS Verify Mode"] for n in zones] == ["Off", "On", "On", "Off"]
    assert values["Zones Zone 3 Neighbor Peer 1 Address"] == node
    assert not [value for value in dict(xconfiguration(made, E1)).values() if value.startswith("CE")]


def test_dump_has_the_servers_that_the_documents_have_keys_for() -> None:
    """LDAP, policy services by name, syslog, the external manager, and search rules into DNS zones."""
    full = deployment("clustered-full")
    of_c, of_e = (dict(xconfiguration(full, peer)) for peer in (C1, E1))
    assert of_c["Login Remote LDAP Server Address"] == "ldap.corp.example.com"
    assert of_c["Login Remote LDAP Server Port"] == "636"
    assert of_c["ExternalManager Address"] == "tms.corp.example.com"
    service = "Policy Services Service 1"
    assert [of_c[f"{service} {key}"] for key in ("Name", "TLS Verify Mode", "Server 1 Address", "Server 2 Address")] == [
        "policy", "On", "policy.corp.example.com", "",
    ]  # fmt: skip
    assert of_e["Remote Syslog 1 Address"] == "syslog.corp.example.com"
    rule = "Zones Policy SearchRules Rule 1"
    assert [of_e[f"{rule} {key}"] for key in ("Pattern String", "Target Name")] == ["@callee.example.org", "b2b"]
    assert "Login Remote LDAP Server Address" not in of_e


def test_dump_has_no_password() -> None:
    """Where the product has one, it shows {cipher} and unreadable text."""
    for peer in deployment("clustered-full").peers:
        for key, value in xconfiguration(deployment("clustered-full"), peer):
            assert not key.endswith("Password") or value == "{cipher}no-password-in-the-lab"


@pytest.mark.product("I-04")
def test_dump_has_the_values_of_the_deployment_instead_of_the_defaults() -> None:
    """The fallback: `not-revoked` is Ignore, although the reference's default is Fail; a cluster's own settings count."""
    key = f"{_REVOCATION} Source Inaccessibility Behavior"
    assert dict(xconfiguration(deployment(), E1))[key] == "Ignore"
    refusing = changed(revocation__fallback="revoked", revocation__checking=True)
    assert dict(xconfiguration(refusing, E1))[key] == "Fail"
    assert dict(xconfiguration(refusing, E1))[f"{_REVOCATION} Mode"] == "On"
    assert dict(xconfiguration(refusing, E1, Revocation()))[f"{_REVOCATION} Mode"] == "Off"
    assert "not revoked" in BY_KEY[key].source
    assert "Fail" in BY_KEY[key].source


@pytest.mark.product("P2-5")
def test_dump_has_the_current_switches_of_the_cluster_and_only_those_of_its_side() -> None:
    """The check for clientAuth was switched off on a running E; VerifyOriginServer is a key of C alone."""
    newest = changed(version="X15.5")
    mode = "SIP TLS Certificate ExtendedKeyUsage Checking Mode"
    assert dict(xconfiguration(newest, E1))[mode] == "On"
    assert dict(xconfiguration(newest, E1, None, {"eku_checking": False}))[mode] == "Off"
    origin = "EdgeConfigServer VerifyOriginServer"
    assert dict(xconfiguration(newest, C1))[origin] == "On"
    off = changed(version="X15.5", clusters__0__verify_origin_server=False)
    assert dict(xconfiguration(off, C1))[origin] == "Off"
    assert origin not in dict(xconfiguration(newest, E1))


def test_dump_of_a_machine_that_is_no_peer_is_refused() -> None:
    """Only Expressways have such a dump."""
    with pytest.raises(KeyError):
        xconfiguration(deployment(), "ucm1.corp.example.com")

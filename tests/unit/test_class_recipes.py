"""The recipes for a class of 200: the chart's values, the progress service beside it, and the two images."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from traitlets.config import Config

import pkikit
from tests.support.places import ROOT

DEPLOY = ROOT / "deploy"
VALUES = yaml.safe_load((DEPLOY / "values.yaml").read_text(encoding="utf-8"))
OBJECTS = {each["kind"]: each for each in yaml.safe_load_all((DEPLOY / "progress.yaml").read_text(encoding="utf-8"))}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
LABELS = {"app.kubernetes.io/name": "expressway-lab-progress"}
HAND_IN = "access:services!service=progress"

# What the schema of chart 4.4.0 allows, of what we use; `*` is whatever Kubernetes, JupyterHub or a file takes there.
KNOWN = [
    "cull.concurrency",
    "cull.enabled",
    "cull.every",
    "cull.maxAge",
    "cull.timeout",
    "cull.users",
    "hub.activeServerLimit",
    "hub.concurrentSpawnLimit",
    "hub.consecutiveFailureLimit",
    "hub.config.*",
    "hub.db.pvc.storage",
    "hub.db.type",
    "hub.extraConfig.*",
    "hub.loadRoles.*",
    "hub.networkPolicy.enabled",
    "hub.pdb.enabled",
    "hub.pdb.minAvailable",
    "hub.resources.*",
    "hub.services.*",
    "prePuller.continuous.enabled",
    "prePuller.hook.enabled",
    "proxy.chp.pdb.enabled",
    "proxy.chp.pdb.minAvailable",
    "proxy.chp.resources.*",
    "proxy.https.enabled",
    "proxy.https.hosts",
    "proxy.https.letsencrypt.contactEmail",
    "proxy.https.type",
    "scheduling.corePods.nodeAffinity.matchNodePurpose",
    "scheduling.podPriority.enabled",
    "scheduling.userPlaceholder.enabled",
    "scheduling.userPlaceholder.replicas",
    "scheduling.userPods.nodeAffinity.matchNodePurpose",
    "scheduling.userScheduler.enabled",
    "scheduling.userScheduler.pdb.enabled",
    "scheduling.userScheduler.pdb.maxUnavailable",
    "scheduling.userScheduler.replicas",
    "singleuser.allowPrivilegeEscalation",
    "singleuser.cmd",
    "singleuser.cpu.guarantee",
    "singleuser.cpu.limit",
    "singleuser.defaultUrl",
    "singleuser.extraFiles.*",
    "singleuser.fsGid",
    "singleuser.image.name",
    "singleuser.image.pullPolicy",
    "singleuser.image.tag",
    "singleuser.lifecycleHooks.*",
    "singleuser.memory.guarantee",
    "singleuser.memory.limit",
    "singleuser.networkPolicy.egress",
    "singleuser.networkPolicy.egressAllowRules.cloudMetadataServer",
    "singleuser.networkPolicy.egressAllowRules.dnsPortsCloudMetadataServer",
    "singleuser.networkPolicy.egressAllowRules.dnsPortsKubeSystemNamespace",
    "singleuser.networkPolicy.egressAllowRules.dnsPortsPrivateIPs",
    "singleuser.networkPolicy.egressAllowRules.nonPrivateIPs",
    "singleuser.networkPolicy.egressAllowRules.privateIPs",
    "singleuser.networkPolicy.enabled",
    "singleuser.startTimeout",
    "singleuser.storage.capacity",
    "singleuser.storage.homeMountPath",
    "singleuser.storage.type",
    "singleuser.uid",
]


def paths(value: Any, place: str = "") -> Iterator[str]:
    """The keys of the values as dotted paths."""
    if isinstance(value, dict) and value and f"{place}.*" not in KNOWN:
        for key, inner in value.items():
            yield from paths(inner, f"{place}.{key}" if place else key)
    else:
        yield f"{place}.*" if f"{place}.*" in KNOWN else place


def test_values_have_keys_that_the_chart_knows() -> None:
    """A misspelled key would be refused by helm, in front of the class."""
    assert sorted(set(paths(VALUES))) == sorted(KNOWN)


def test_values_hold_a_class_of_200() -> None:
    """Limits, places for servers, placeholders with priorities, images pulled before, idle servers and kernels ended."""
    user, hub, scheduling = VALUES["singleuser"], VALUES["hub"], VALUES["scheduling"]
    assert user["memory"] == {"guarantee": "300M", "limit": "1G"}
    assert user["cpu"] == {"guarantee": 0.1, "limit": 1}
    assert hub["activeServerLimit"] >= 200 > hub["concurrentSpawnLimit"]
    assert scheduling["podPriority"]["enabled"] is scheduling["userScheduler"]["enabled"] is True
    assert scheduling["userPlaceholder"] == {"enabled": True, "replicas": 20}
    assert VALUES["prePuller"] == {"hook": {"enabled": True}, "continuous": {"enabled": True}}
    assert VALUES["cull"]["timeout"] == 3600
    (kernels,) = user["extraFiles"].values()
    assert kernels["mountPath"].startswith("/etc/jupyter/jupyter_server_config.d/")
    assert kernels["data"]["MappingKernelManager"]["cull_idle_timeout"] == 1800


def test_login_requires_https_and_a_configured_authenticator() -> None:
    """Passwords cross the network by HTTPS only; there is somebody who lets learners in, and nobody else gets in."""
    https, config = VALUES["proxy"]["https"], VALUES["hub"]["config"]
    assert https["enabled"] is True
    assert https["hosts"]
    assert https["letsencrypt"]["contactEmail"]
    assert config["JupyterHub"]["authenticator_class"] == "nativeauthenticator.NativeAuthenticator"
    assert config["Authenticator"] == {"admin_users": ["trainer"], "allow_all": True}
    assert config["NativeAuthenticator"]["open_signup"] is False


def test_learners_pod_reaches_the_hub_and_the_progress_service_only() -> None:
    """The chart's own rules are all off (it has six), DNS as well; the two ends of the one rule of ours fit together."""
    policy = VALUES["singleuser"]["networkPolicy"]
    assert policy["enabled"] is True
    assert len(policy["egressAllowRules"]) == 6
    assert not any(policy["egressAllowRules"].values())
    pod = OBJECTS["Deployment"]["spec"]["template"]
    (port,) = pod["spec"]["containers"][0]["ports"]
    assert policy["egress"] == [
        {
            "to": [{"podSelector": {"matchLabels": LABELS}}],
            "ports": [{"port": port["containerPort"], "protocol": "TCP"}],
        }
    ]
    guard = OBJECTS["NetworkPolicy"]["spec"]
    assert guard["policyTypes"] == ["Ingress", "Egress"]
    (entry,) = guard["ingress"]
    assert entry["from"] == [{"podSelector": {"matchLabels": {"app": "jupyterhub", "component": "singleuser-server"}}}]
    assert entry["ports"] == [{"port": port["name"], "protocol": "TCP"}]
    (served,) = OBJECTS["Service"]["spec"]["ports"]
    assert (served["port"], served["targetPort"]) == (port["containerPort"], port["name"])


def test_learners_get_addresses_and_may_hand_in() -> None:
    config = Config()
    variables = {
        "HUB_SERVICE_HOST": "10.0.0.9", "HUB_SERVICE_PORT": "8081", "PROGRESS_SERVICE_HOST": "10.0.0.8",
        "PROGRESS_SERVICE_PORT": "10202",
    }  # fmt: skip
    for extra in VALUES["hub"]["extraConfig"].values():
        code = extra.replace("import os", "").replace("os.environ", "environ")
        exec(compile(code, "extraConfig", "exec"), {"c": config, "environ": variables})
    environment = config.KubeSpawner.environment.get_value({})
    assert config.JupyterHub.hub_connect_url == "http://10.0.0.9:8081"
    assert environment["EXPRESSWAY_LAB_PROGRESS"] == "http://10.0.0.8:10202"
    assert OBJECTS["Service"]["metadata"]["name"] == "progress"  # Kubernetes makes the variables of its name
    assert HAND_IN in VALUES["hub"]["config"]["KubeSpawner"]["server_token_scopes"]
    assert HAND_IN in VALUES["hub"]["loadRoles"]["user"]["scopes"]
    token = next(
        e for e in OBJECTS["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"] if "valueFrom" in e
    )
    (service,) = VALUES["hub"]["services"]
    assert token["valueFrom"]["secretKeyRef"] == {"name": "hub", "key": f"hub.services.{service}.apiToken"}


def test_progress_pod_has_one_writer_no_root_and_no_rights() -> None:
    deployment = OBJECTS["Deployment"]["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert container["command"][:4] == ["python", "-m", "workbook.handin", "serve"]
    for each in (OBJECTS["Deployment"], OBJECTS["PodDisruptionBudget"]):
        assert each["spec"]["selector"]["matchLabels"] == LABELS
    assert (
        OBJECTS["Service"]["spec"]["selector"]
        == OBJECTS["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]
        == LABELS
    )
    assert LABELS.items() <= deployment["template"]["metadata"]["labels"].items()


def test_recipes_name_one_image_by_its_digest() -> None:
    """An unchanged digest is one that no image has."""
    user = VALUES["singleuser"]["image"]
    assert (
        f"{user['name']}:{user['tag']}" == OBJECTS["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"]
    )
    version, _, digest = user["tag"].partition("@sha256:")
    assert version == pkikit.__version__
    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    assert user["name"].endswith(f"/{PROJECT}")


def stages(name: str) -> list[str]:
    """The stages of a Dockerfile, with continued lines joined and comments gone."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / name).read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return re.split(r"^(?=FROM )", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cli"])
def test_last_stage_of_an_image_builds_nothing_and_runs_without_root(name: str) -> None:
    head, build, last = stages(name)
    assert re.search(r"^ARG BASE=\S+:[\d.]+-slim-\w+$", head, re.MULTILINE)
    assert build.startswith("FROM ${BASE} AS build\n")
    assert last.startswith("FROM ${BASE}\n")
    assert not re.search(r"\b(pip|gcc|make|git|build-essential|npm)\b", last)
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', last))
    assert labels.keys() == {"title", "description", "version", "licenses"}
    assert labels["version"] == pkikit.__version__
    assert "-c constraints.txt" in build
    assert "COPY --from=build /opt/sbom.cdx.json /opt/sbom.cdx.json" in last


def test_image_of_the_class_has_one_home_and_one_way_to_copy_the_course() -> None:
    _, _, last = stages("Dockerfile")
    user = VALUES["singleuser"]
    home = user["storage"]["homeMountPath"]
    copy = user["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert copy == ["python", "/opt/expressway-lab/deploy/give_course.py", home]
    assert f"COPY --from=build /source/deploy/give_course.py {copy[1]}\n" in last
    assert json.dumps(copy) in last
    assert f"--home-dir {home} --uid {user['uid']}" in " ".join(last.split())
    assert "HEALTHCHECK " in last


def test_both_images_carry_a_bill_of_materials_of_their_environment() -> None:
    """One command, in CycloneDX's JSON; deploy/try_images.py runs it and validates what it writes."""
    commands = {
        re.search(r"/opt/tools/bin/(cyclonedx-py .*)", "".join(stages(n)))[1] for n in ("Dockerfile", "Dockerfile.cli")
    }  # type: ignore[index]
    assert commands == {
        "cyclonedx-py environment --of JSON --output-reproducible -o /opt/sbom.cdx.json /opt/venv/bin/python"
    }
    pinned = dict(
        re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )
    for name in ("Dockerfile", "Dockerfile.cli"):
        assert f"cyclonedx-bom=={pinned['cyclonedx-bom']}" in stages(name)[1]

import email
import re
import subprocess
import tomllib

import pytest
import yaml

from catalog.mig import MIG_GPUS
from components.compute.mig_at_boot import mig_at_boot
from components.compute.node_user_data import ONLY_ASSIGNED_GPUS, bottlerocket_settings, user_data
from components.core.toml import toml
from policies.rules.gpu.gpu_visible_devices_closed import CLOSING
from settings.compute.node_pool import NodePoolSettings

LAYOUT = {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}


def pool(**changes):
    raw = {"name": "gpu", "instance_types": ["g6.12xlarge"], "min_per_zone": 0, **changes}
    return NodePoolSettings.model_validate(raw)


def neuron(**changes):
    """A pool with local disks and without GPUs of NVIDIA."""
    return pool(instance_types=["trn1.32xlarge"], **changes)


def mig(provisioner):
    sharing = {"strategy": "mig", "layout": LAYOUT}
    return pool(instance_types=["p4de.24xlarge"], sharing=sharing, provisioner=provisioner, taints=[{"key": "gpu"}])


def parts(settings):
    """(content type, content) of each part, read as cloud-init does."""
    message = email.message_from_string(user_data(settings) or "")
    return [(part.get_content_type(), part.get_payload()) for part in message.walk() if not part.is_multipart()]


def nvidia(settings):
    read = tomllib.loads(bottlerocket_settings(settings, settings.provisioner == "karpenter"))
    return read["settings"]["kubelet-device-plugins"]["nvidia"]


def test_a_node_that_needs_nothing_is_told_nothing():
    assert user_data(neuron()) is None, "user data that says nothing would still replace the nodes one day"
    assert user_data(pool(instance_types=["m7i.large"], operating_system="bottlerocket")) is None


def test_amazon_linux_joins_its_local_disks():
    (kind, content), *others = parts(neuron(local_nvme="raid0"))
    config = yaml.safe_load(content)
    assert not others
    assert kind == "application/node.eks.aws"
    assert (config["apiVersion"], config["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
    assert config["spec"] == {"instance": {"localStorage": {"strategy": "RAID0"}}}


def test_karpenter_joins_the_disks_by_itself():
    assert user_data(neuron(local_nvme="raid0", provisioner="karpenter")) is None
    own = pool(local_nvme="raid0", provisioner="karpenter", operating_system="bottlerocket")
    assert "bootstrap-commands" not in tomllib.loads(user_data(own) or "")["settings"]


def test_bottlerocket_joins_its_local_disks_before_the_kubelet_starts():
    read = tomllib.loads(user_data(pool(local_nvme="raid0", operating_system="bottlerocket")) or "")
    (command,) = read["settings"]["bootstrap-commands"].values()
    assert command["commands"][0] == ["apiclient", "ephemeral-storage", "init"]
    assert {"/var/lib/kubelet", "/var/lib/containerd"} <= set(command["commands"][1])
    assert command["mode"] == "always", "the binds are gone after a reboot"
    assert command["essential"], "a node without its disks would fill its root volume"


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("time-slicing", {"replicas": 4, "rename-by-default": True, "fail-requests-greater-than-one": True}),
        ("mps", {"replicas": 4, "rename-by-default": True}),
    ],
)
@pytest.mark.parametrize("provisioner", ["managed", "karpenter"])
def test_bottlerocket_shares_from_boot_under_the_name_that_overlays_and_pods_use(strategy, told, provisioner):
    sharing = {"strategy": strategy, "replicas": 4}
    taints = [{"key": "gpu", "value": "true"}]
    shared = pool(operating_system="bottlerocket", provisioner=provisioner, sharing=sharing, taints=taints)
    expected = {"device-list-strategy": "cdi-cri", "device-sharing-strategy": strategy, strategy: told}
    assert nvidia(shared) == expected


@pytest.mark.parametrize("provisioner", ["managed", "karpenter"])
@pytest.mark.parametrize("strategy", ["none", "time-slicing", "mps"])
def test_a_container_sees_only_the_gpus_that_it_was_assigned(strategy, provisioner):
    sharing = {"strategy": strategy} if strategy == "none" else {"strategy": strategy, "replicas": 4}
    taints = [{"key": "gpu"}]
    (part,) = parts(pool(provisioner=provisioner, sharing=sharing, taints=taints))
    assert part == ("text/x-shellscript", ONLY_ASSIGNED_GPUS), "else an image that names all sees every GPU and slice"
    assert part[1] == CLOSING, "the policy knows no other form"
    read = user_data(pool(operating_system="bottlerocket", provisioner=provisioner, sharing=sharing, taints=taints))
    settings = tomllib.loads(read or "")["settings"]
    assert set(settings["nvidia-container-runtime"].values()) == {False}
    assert settings["kubelet-device-plugins"]["nvidia"]["device-list-strategy"] == "cdi-cri", (
        "with volume mounts refused, the plugin's default would assign nothing"
    )


@pytest.mark.parametrize("answer", [0, 1])
def test_a_machine_that_stays_open_powers_off_instead_of_joining(answer, tmp_path):
    log = tmp_path / "log"
    for name, body in (("nvidia-ctk", f"exit {answer}"), ("systemctl", ""), ("sleep", "")):
        (tmp_path / name).write_text(f'#!/bin/bash\necho {name} "$@" >> {log}\n{body}\n')
        (tmp_path / name).chmod(0o755)
    subprocess.run(["bash", "-c", ONLY_ASSIGNED_GPUS], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False)
    closed, *after = log.read_text().splitlines()
    assert closed == (
        "nvidia-ctk config --in-place --set accept-nvidia-visible-devices-envvar-when-unprivileged=false "
        "--set accept-nvidia-visible-devices-as-volume-mounts=false"
    )
    assert after == (["systemctl poweroff", "sleep infinity"] if answer else [])


@pytest.mark.parametrize("provisioner", ["managed", "karpenter"])
def test_nodes_are_cut_before_their_kubelet_starts(provisioner):
    (first, _), (kind, script) = parts(mig(provisioner))
    assert first == "text/x-shellscript", "cutting may reboot the node, and cloud-init runs each part only once"
    assert kind == "text/x-shellscript", "cloud-init runs it, and nodeadm waits for cloud-init"
    assert "Before=nodeadm-run.service kubelet.service" in script
    assert "-cgi 3g.40gb:4,2g.20gb:0,1g.10gb:2,1g.10gb:3 -C" in script, "with 3g.40gb at 0, one 1g.10gb has no place"
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


@pytest.fixture
def machine(tmp_path):
    """A machine with two GPUs to run the script on.

    takes_up: whether they take up MIG mode at once, after a reboot, or never. listed: what `nvidia-smi -L` shows below
    each. absent, busy: how often the driver is not there yet, and how often a program has the GPUs open.
    """

    def boot(takes_up, listed=(), absent=0, busy=0):
        text = mig_at_boot(MIG_GPUS["A100-80GB"], LAYOUT)
        (script, *_) = re.findall(r"cut-gpus <<'END'\n(.*?)END\n", text, re.DOTALL)
        script = script.replace("/var/lib", str(tmp_path))
        log = tmp_path / "log"
        log.write_text("")
        mode = "Enabled" if takes_up == "at once" or (takes_up == "at reboot" and boots) else "Disabled"
        boots.append(1)
        devices = "".join(f"  MIG {name}     Device  {n}: (UUID: MIG-{n})\\n" for n, name in enumerate(listed))
        gpus = "".join(f"GPU {n}: NVIDIA A100-SXM4-80GB (UUID: GPU-{n})\\n{devices}" for n in range(2))
        fakes = {
            "nvidia-smi": f"""echo "$@" >> {log}
                case "$1 $2" in
                  -L*) (($(grep -c "^-L" {log}) > {absent})) || exit 9; printf "{gpus}";;
                  "-mig 1") (($(grep -c "^-mig" {log}) > {busy})) || exit 1;;
                  --query*) printf "{mode}\\n{mode}\\n";;
                esac""",
            "systemctl": f'echo "systemctl $@" >> {log}',
            "sleep": "exit 0",
        }
        for name, body in fakes.items():
            (tmp_path / name).write_text(f"#!/bin/bash\n{body}\n")
            (tmp_path / name).chmod(0o755)
        subprocess.run(["bash", "-c", script], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False)
        return [line for line in log.read_text().splitlines() if not line.startswith(("--query", "-L"))]

    boots = []
    return boot


def test_gpus_that_take_up_mig_mode_are_cut_at_once(machine):
    switched, cut = machine("at once")
    assert switched == "-mig 1"
    assert cut.startswith("mig -cgi 3g.40gb:")
    assert cut.endswith(" -C")


def test_gpus_that_need_a_reset_are_cut_after_one_reboot(machine):
    assert machine("at reboot") == ["-mig 1", "systemctl reboot"], "cut before, they would join whole"
    assert any(line.startswith("mig -cgi") for line in machine("at reboot"))


def test_a_machine_that_cannot_be_cut_powers_off_instead_of_joining_whole(machine):
    machine("never")
    assert machine("never")[-1] == "systemctl poweroff", "it would be paid for, reboot for ever, or never fit a pod"


@pytest.mark.parametrize("late", [{"absent": 50}, {"busy": 50}])
def test_a_driver_that_comes_late_is_waited_for(machine, late):
    assert machine("at once", **late)[-1].startswith("mig -cgi"), (
        "an image whose services have other names would lose each of its nodes, one after the other"
    )


@pytest.mark.parametrize("never", [{"absent": 500}, {"busy": 500}])
def test_the_wait_has_an_end(machine, never):
    assert machine("at once", **never)[-1] == "systemctl poweroff", "a node without a driver would be paid for"


def test_a_second_run_leaves_gpus_alone_that_are_cut_as_wanted(machine):
    as_wanted = ["3g.40gb", "2g.20gb", "1g.10gb", "1g.10gb"]
    assert machine("at once", listed=as_wanted) == [], "a restart of the service would power a good node off"
    assert machine("at once", listed=as_wanted[1:]), "a part of the slices is not what the pool offers"


@pytest.mark.parametrize("loads_the_driver", ["nvidia-kmod-load.service", "nvidia-setup.service"])
def test_the_cut_comes_after_the_services_of_each_generation_of_images(loads_the_driver):
    after = re.findall(r"^After=(.*)$", mig_at_boot(MIG_GPUS["A100-80GB"], LAYOUT), re.MULTILINE)
    assert loads_the_driver in " ".join(after), "managed node groups take the newest image, Karpenter the pinned one"


@pytest.mark.parametrize("name", MIG_GPUS)
def test_instances_are_told_to_stand_where_they_do_not_overlap(name):
    gpu = MIG_GPUS[name]
    for profile in gpu.profiles.values():
        placed = gpu.placements({profile.name: profile.max_instances})
        assert placed is not None, "as many as there may be have to fit"
        taken = [start + offset for _, start in placed for offset in range(profile.memory_slices)]
        assert len(taken) == len(set(taken)) == profile.memory_slices * profile.max_instances
        assert max(taken) < gpu.memory_slices


def test_a_layout_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"Take fewer or smaller slices\.$"):
        mig_at_boot(MIG_GPUS["A100-80GB"], {"3g.40gb": 3})


def test_toml_is_read_back_as_it_was_and_always_written_alike():
    settings = {"settings": {"a.b": {"c": [["x", 'y "z"'], []], "d": True}, "e": 1, "f": {"g": "h\\i"}}}
    assert tomllib.loads(toml(settings)) == settings
    assert toml(settings) == toml(settings)
    assert toml({}) == ""

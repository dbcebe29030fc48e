"""Cuts the GPUs of an AL2023 node into MIG slices before its kubelet starts.

NVIDIA's MIG manager cuts the GPUs of a node that has already joined. Until then the node offers whole GPUs, and pods
may use them; the manager restarts the kubelet, and fails while the DCGM of EKS's node monitoring agent has the GPUs
open, which it does not stop. This script runs during cloud-init, and the kubelet waits for it, so no pod holds a GPU.
An A100 enters MIG mode only with a reset, so the node boots twice; newer GPUs lose the mode with each boot, so a
service runs the script at every boot. A node whose GPUs cannot be cut powers off instead of joining with whole GPUs;
its Auto Scaling group or Karpenter replaces it.

The image decides which services load the driver and open the GPUs, and v20260917 renamed them. So the service comes
after those of both kinds, and the script waits for the driver and for free GPUs by itself.
Sources: NVIDIA MIG user guide, "Getting started with MIG"; awslabs/amazon-eks-ami, nodeadm-run.service (after
cloud-final.service), nvidia-kmod-load.service at v20260724, nvidia-setup.service and setup-nvidia.sh at 95a9164 and
0627b68, set-nvidia-clocks.service; NVIDIA container toolkit 1.19, nvidia-cdi-refresh.service;
aws/eks-node-monitoring-agent v1.6.4, dcgm-daemonset.yaml; read 2026-11.
"""

from catalog.mig import MigGpu

# GPUs that are cut as wanted stay so: pods may use them by now, and a second cut would fail and power the node off.
SCRIPT = """\
#!/bin/bash
set -euo pipefail
trap 'systemctl poweroff; exec sleep infinity' ERR
for_five_minutes() {{
  local tries=0
  until "$@"; do
    ((++tries < 60)) || return 1
    sleep 5
  done
}}
for_five_minutes nvidia-smi -L
gpus=$(nvidia-smi -L)
wanted=$(awk '$1 == "GPU" {{ print "{names}" }}' <<< "$gpus" | tr ' ' '\\n' | sort)
if [[ $(awk '$1 == "MIG" {{ print $2 }}' <<< "$gpus" | sort) == "$wanted" ]]; then
  exit 0
fi
for_five_minutes nvidia-smi -mig 1
if [[ $(nvidia-smi --query-gpu=mig.mode.current --format=csv,noheader) == *Disabled* ]]; then
  test ! -e /var/lib/cut-gpus-rebooted
  touch /var/lib/cut-gpus-rebooted
  systemctl reboot
  exec sleep infinity
fi
nvidia-smi mig -cgi {instances} -C
"""
# A name that the image does not have changes nothing.
SERVICE = """\
[Unit]
Description=Cut the GPUs into MIG instances
After=nvidia-kmod-load.service nvidia-setup.service nvidia-persistenced.service nvidia-fabricmanager.service
After=set-nvidia-clocks.service nvidia-cdi-refresh.service
Before=nodeadm-run.service kubelet.service
[Service]
Type=oneshot
RemainAfterExit=true
ExecStart=/usr/local/sbin/cut-gpus
[Install]
WantedBy=multi-user.target
"""


def mig_at_boot(gpu: MigGpu, layout: dict[str, int]) -> str:
    """Returns a shell script for the user data. Raises ValueError when the layout does not fit."""
    placed = gpu.placements(layout)
    if placed is None:
        raise ValueError(f"{layout} does not fit on one {gpu.name}. Take fewer or smaller slices.")
    # With explicit positions: otherwise small slices may use the positions where a large slice must begin.
    script = SCRIPT.format(
        instances=",".join(f"{profile}:{start}" for profile, start in placed),
        names=" ".join(profile for profile, _ in placed),
    )
    return (
        "#!/bin/bash\n"
        "set -euo pipefail\n"
        f"cat > /usr/local/sbin/cut-gpus <<'END'\n{script}END\n"
        "chmod 0755 /usr/local/sbin/cut-gpus\n"
        f"cat > /etc/systemd/system/cut-gpus.service <<'END'\n{SERVICE}END\n"
        "systemctl daemon-reload\n"
        "systemctl enable --now cut-gpus.service\n"
    )

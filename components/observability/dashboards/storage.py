"""Volumes of the cluster: full ones, waiting ones, lost ones. EFS, FSx and S3 are in CloudWatch alone."""

from components.core.dashboards import Dashboard, Row, Variable, bars, lines, stat, table

NAMESPACES = 'namespace=~"$namespace"'
CLAIM = ("namespace", "persistentvolumeclaim")
BY = f"max by ({', '.join(CLAIM)})"
USED = f"1 - {BY} (kubelet_volume_stats_available_bytes{{{NAMESPACES}}}) / {BY} (kubelet_volume_stats_capacity_bytes)"
HOURS = 24

DASHBOARD = Dashboard(
    uid="storage",
    title="Storage",
    folder="Cluster",
    about="Claims and volumes. File systems of AWS and buckets have their alarms in CloudWatch.",
    variables=(Variable(name="namespace", metric="kube_persistentvolumeclaim_info{KSM}", label="namespace"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    *("Claims", "short", f"count(kube_persistentvolumeclaim_info{{KSM,{NAMESPACES}}})"),
                    "Claims for volumes.",
                ),
                stat(
                    *("Claims without a volume", "short"),
                    f'sum(kube_persistentvolumeclaim_status_phase{{KSM,{NAMESPACES},phase!="Bound"}})',
                    "They wait for their first pod, or nobody can make the volume.",
                    thresholds=((5, "orange"),),
                ),
                stat(
                    *("Capacity", "bytes"),
                    "sum(kube_persistentvolume_capacity_bytes{KSM})",
                    "Of all volumes that there are; EBS bills it whether it is used or not.",
                ),
                stat(
                    *("Volumes that nobody claims", "short"),
                    'sum(kube_persistentvolume_status_phase{KSM,phase=~"Released|Failed"})',
                    "They were kept when their claim went, and are billed.",
                    thresholds=((1, "orange"),),
                ),
            ),
        ),
        Row(
            title="Claims",
            panels=(
                bars(
                    *("The fullest", "percentunit", f"topk(10, {USED})"),
                    "Used part of a volume.",
                    *CLAIM,
                    thresholds=((0.8, "orange"), (0.9, "red")),
                    most=1,
                ),
                table(
                    *("Full within a day", "bytes"),
                    {
                        "left": f"{BY} (kubelet_volume_stats_available_bytes{{{NAMESPACES}}}) and "
                        f"{BY} (predict_linear(kubelet_volume_stats_available_bytes{{{NAMESPACES}}}[6h], "
                        f"{HOURS * 3600})) < 0"
                    },
                    "Claims that will be full within a day if they go on as in the last six hours.",
                    *CLAIM,
                    rising=True,
                    empty="none, as it looks",
                ),
                lines(
                    *("Left", "bytes", f"{BY} (kubelet_volume_stats_available_bytes{{{NAMESPACES}}})"),
                    "Free bytes of each claim.",
                    *CLAIM,
                ),
                lines(
                    *("Inodes in use", "percentunit"),
                    f"{BY} (kubelet_volume_stats_inodes_used{{{NAMESPACES}}} / "
                    f"(kubelet_volume_stats_inodes{{{NAMESPACES}}} > 0))",
                    "A volume with many small files is full before its bytes are.",
                    *CLAIM,
                    most=1,
                ),
            ),
        ),
        Row(
            title="Drivers",
            panels=(
                lines(
                    *("Operations that fail", "cpm"),
                    "sum by (volume_plugin, operation_name) (rate(storage_operation_duration_seconds_count"
                    '{status="fail-unknown"}[5m])) * 60',
                    "Failed mounts and attachments a minute, as kubelets see them.",
                    *("volume_plugin", "operation_name"),
                    width=8,
                ),
                lines(
                    *("Requests that EC2 refuses", "cpm"),
                    {
                        "refused": "sum by (request, code) (rate(aws_ebs_csi_api_request_errors_total"
                        '{code!="DryRunOperation"}[5m])) * 60',
                        "throttled": "sum by (operation_name) (rate(aws_ebs_csi_api_request_throttles_total[5m])) * 60",
                    },
                    "Of the EBS driver, a minute, with EC2's own word; throttled ones are tried again.",
                    *("request", "code", "operation_name"),
                    width=8,
                ),
                lines(
                    *("How long operations take", "s"),
                    "histogram_quantile(0.95, sum by (le, operation_name) "
                    '(rate(storage_operation_duration_seconds_bucket{status="success"}[15m])))',
                    "95 of 100 mounts and attachments are quicker.",
                    "operation_name",
                    width=8,
                ),
            ),
        ),
    ),
)

"""Rules of cert-manager. The namespace of a certificate arrives as `exported_namespace`, beside that of cert-manager.

Source: cert-manager v1.21.1, internal/collectors; read 2026-11.
"""

from components.core.metrics import Alert

RULES = (
    Alert(
        name="CertManagerAbsent",
        expr='absent(up{job="cert-manager"} == 1)',
        minutes=15,
        severity="critical",
        summary="cert-manager does not answer: no certificate is renewed.",
    ),
    Alert(
        name="CertificateNotReady",
        expr="max by (exported_namespace, name) "
        '(certmanager_certificate_ready_status{condition=~"False|Unknown"}) == 1',
        minutes=30,
        severity="warning",
        summary="Certificate {{ $labels.exported_namespace }}/{{ $labels.name }} has not been ready for 30 minutes.",
    ),
    Alert(
        name="CertificateNotRenewed",
        expr="time() - max by (exported_namespace, name) "
        "(certmanager_certificate_renewal_timestamp_seconds > 0) > 7200",
        minutes=15,
        severity="critical",
        summary="Certificate {{ $labels.exported_namespace }}/{{ $labels.name }} should have been renewed "
        "{{ $value | humanizeDuration }} ago.",
    ),
)

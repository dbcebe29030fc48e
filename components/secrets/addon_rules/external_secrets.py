"""Rules of External Secrets. The namespace of a secret arrives as `exported_namespace`: alerts to its team rename it.

Source: external-secrets v2.9.0, pkg/controllers/externalsecret/esmetrics, secretstore; read 2026-11.
"""

from components.core.metrics import Alert

OF_TEAM = '"namespace", "$1", "exported_namespace", "(.+)"'

RULES = (
    Alert(
        name="ExternalSecretsAbsent",
        expr='absent(up{job="external-secrets"} == 1)',
        minutes=15,
        severity="critical",
        summary="External Secrets does not answer: secrets keep the values that they have.",
    ),
    Alert(
        name="SecretNotSynced",
        expr="max by (namespace, name) (label_replace("
        f'externalsecret_status_condition{{condition="Ready",status="False"}}, {OF_TEAM})) == 1',
        minutes=15,
        severity="warning",
        audience="team",
        summary="Secret {{ $labels.namespace }}/{{ $labels.name }} cannot be read from Secrets Manager.",
    ),
    Alert(
        name="SecretStoreNotReady",
        expr='max by (name) (clustersecretstore_status_condition{condition="Ready",status="False"}) == 1 '
        'or max by (name) (secretstore_status_condition{condition="Ready",status="False"}) == 1',
        minutes=15,
        severity="critical",
        summary="Store {{ $labels.name }} does not reach Secrets Manager: none of its secrets is read.",
    ),
)

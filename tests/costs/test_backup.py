"""Backups are billed for the data in vaults, and for copies to another region."""

from costs.usage import Amount, Usage
from tests.costs.builders import items, price, resource

SMALL_USAGE = Usage(backup_gib=Amount(100, 1000), copied_gib=Amount(10, 20))


def plan(**rule):
    return resource("aws:backup/plan:Plan", rules=[{"ruleName": "daily", "targetVaultName": "main", **rule}])


def test_a_vault_costs_what_it_stores_and_its_line_states_the_assumption():
    line = items(price(resource("aws:backup/vault:Vault"), usage=SMALL_USAGE))["Backup storage"]
    assert (line.monthly_min_usd, line.monthly_max_usd) == (5.0, 50.0)
    assert line.usage == "100 to 1000 GB in each vault", "an assumption is stated"


def test_a_plan_costs_nothing_until_it_copies_to_another_region():
    assert not items(price(plan(), usage=SMALL_USAGE))
    copy_actions = [{"destinationVaultArn": "arn:aws:backup:us-east-2:123456789012:backup-vault:copies"}]
    line = items(price(plan(copyActions=copy_actions), usage=SMALL_USAGE))["Backup copies"]
    assert (line.monthly_min_usd, line.monthly_max_usd) == (0.2, 0.4)


def test_locks_and_selections_are_free():
    for kind in ("selection:Selection", "vaultLockConfiguration:VaultLockConfiguration"):
        assert price(resource(f"aws:backup/{kind}")).free == 1

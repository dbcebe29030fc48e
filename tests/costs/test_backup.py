"""Backups are billed by what vaults hold, and by what leaves the region."""

from costs.usage import Amount, Usage
from tests.costs.builders import items, price, resource

SNUG = Usage(backup_gib=Amount(100, 1000), copied_gib=Amount(10, 20))


def plan(**rule):
    return resource("aws:backup/plan:Plan", rules=[{"ruleName": "daily", "targetVaultName": "main", **rule}])


def test_a_vault_costs_what_it_holds_and_says_how_much_that_is():
    line = items(price(resource("aws:backup/vault:Vault"), usage=SNUG))["Backup storage"]
    assert (line.monthly_min_usd, line.monthly_max_usd) == (5.0, 50.0)
    assert line.usage == "100 to 1000 GB in each vault", "an assumption is stated"


def test_a_plan_costs_nothing_until_it_copies_to_another_region():
    assert not items(price(plan(), usage=SNUG))
    copied = [{"destinationVaultArn": "arn:aws:backup:us-east-2:123456789012:backup-vault:copies"}]
    line = items(price(plan(copyActions=copied), usage=SNUG))["Backup copies"]
    assert (line.monthly_min_usd, line.monthly_max_usd) == (0.2, 0.4)


def test_locks_and_selections_are_free():
    for kind in ("selection:Selection", "vaultLockConfiguration:VaultLockConfiguration"):
        assert price(resource(f"aws:backup/{kind}")).free == 1

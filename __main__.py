"""The program that Pulumi runs: it reads the stack file and builds the platform."""

from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config_env

from common.loading import loading
from components.stack.stack_file import SettingsError, load_pulumi_config


def main() -> None:
    """Builds the stack. A wrong stack file stops here, before any SDK is loaded and before anything is built."""
    try:
        settings = load_pulumi_config(get_config_env(), Path(f"Pulumi.{pulumi.get_stack()}.yaml"))
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None

    with loading():  # the SDKs, which takes seconds
        from components.stack.platform import Platform

    for key, value in Platform("platform", settings).outputs().items():
        pulumi.export(key, value)


if __name__ == "__main__":
    main()

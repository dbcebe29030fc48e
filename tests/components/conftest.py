import pytest
from fake_cloud import FakeCloud

from components.platform import Platform
from settings.stack import StackSettings


class PlatformCloud(FakeCloud):
    def up(self, settings: StackSettings, preview: bool = False) -> Platform:
        return self.build(lambda: Platform("platform", settings), preview)


@pytest.fixture
def cloud() -> PlatformCloud:
    return PlatformCloud()

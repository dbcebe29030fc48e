"""An input that AWS does not have fails the preview, with the resource and the path."""

import pytest

pytestmark = pytest.mark.engine

MISSPELT = """
import pulumi
import pulumi_aws as aws

disk = {"device_name": "/dev/xvda", "ebs": {"volume_tipe": "gp3"}}
somewhere = pulumi.ResourceOptions(provider=aws.Provider("somewhere", region="us-west-2"))
aws.ec2.LaunchTemplate("nodes", block_device_mappings=[disk], opts=somewhere)
"""


def test_a_misspelt_key_inside_a_block_fails_the_preview_with_its_path(project):
    (project.folder / "__main__.py").unlink()  # a link to the program itself
    (project.folder / "__main__.py").write_text(MISSPELT)
    completed = project.simulate("pulumi", "preview", "--stack", "dev", "--non-interactive", apart=True)
    assert completed.returncode == 1, completed.stdout
    assert "aws:ec2/launchTemplate:LaunchTemplate resource 'nodes' has a problem: " in completed.stdout
    assert (
        "no argument blockDeviceMappings[0].ebs.volume_tipe; did you mean volumeType?. "
        "Examine values at 'nodes.blockDeviceMappings[0].ebs.volume_tipe'." in completed.stdout.replace("\n", " ")
    )

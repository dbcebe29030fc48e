"""Is this account ready for this stack: questions to an AWS account, which change nothing."""

"""The policy pack: rules that a stack must keep."""

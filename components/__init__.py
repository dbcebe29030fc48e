"""What gets built."""

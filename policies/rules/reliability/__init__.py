"""Rules about data and clusters that must survive mistakes."""

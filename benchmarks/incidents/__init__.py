"""What it costs to capture an incident."""

"""What the pipeline costs a month."""

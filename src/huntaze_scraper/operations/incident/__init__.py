"""An incident as a bundle: captured from what is deployed, redacted, read safely, told to people."""

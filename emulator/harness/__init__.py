"""Starts, deploys and stops the emulated cloud, and the command line over it."""

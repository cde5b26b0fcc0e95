"""Logs Insights: what a query finds in log events."""

"""The function that gives the account at the site a new password, for Secrets Manager to keep."""

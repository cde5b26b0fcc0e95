"""CloudWatch: metrics kept in memory, metric math, and alarms looked at every minute by AWS's rules."""

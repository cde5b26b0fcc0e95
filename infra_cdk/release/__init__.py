"""What the deploy script asks: may this be deployed, what would change, is it well, and how was it before."""

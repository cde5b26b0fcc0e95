"""The site through a browser: sign-in, tabs, and the four actions."""

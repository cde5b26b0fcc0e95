"""The page as a server: routes, what changes, who may ask."""

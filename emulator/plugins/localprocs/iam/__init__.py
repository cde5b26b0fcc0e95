"""IAM for calls made with a role's credentials: evaluated, refused where no policy allows them, and recorded."""

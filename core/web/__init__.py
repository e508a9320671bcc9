"""What every page stands on: languages, templates, static files, security headers, error pages."""

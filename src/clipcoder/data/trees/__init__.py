"""Files below one place, be it a folder, a zip or a tar file: read where they are, and nothing outside."""

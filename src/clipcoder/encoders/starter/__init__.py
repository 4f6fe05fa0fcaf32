"""The encoder that ships in the package."""

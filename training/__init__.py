"""How the starter encoder was made: ``python -m training`` makes it again from the shared data."""

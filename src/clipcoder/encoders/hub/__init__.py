"""Published models by name: a catalogue, a client, and pins."""

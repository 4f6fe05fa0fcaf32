"""Sources of labelled images beside the catalogue: folders, tables, shards, Hugging Face's `datasets`."""

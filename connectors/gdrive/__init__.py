"""Google Drive v3: files that others put there, and what changed of them."""
